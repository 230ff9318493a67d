import { type Command, Option } from "commander";
import type { MetricKeys } from "../../../tasks/regression/index.js";
import type { Cli } from "../../cli.js";
import { type RunOptions, withRun } from "./run-options.js";

export interface PatchOptions extends RunOptions {
	readonly heads?: string;
	readonly zero?: string;
	readonly mean?: string;
	readonly strength?: string;
	readonly normalize?: boolean;
	readonly keys: MetricKeys;
}

const SPELLINGS: readonly MetricKeys[] = ["early", "current"];

const EXAMPLES = `
Patterns: previous-token, self-pair, uniform, first-token, identity, induction, or @FILE with JSON [query][key].

Examples:
  headscope icl patch M=1 --heads 0.1=self-pair,0.2=previous-token
  headscope icl patch M=64 --zero 0.0,1.2 --json
  headscope icl patch M=64@1000 --heads 1.3=@drawn.json --normalize`;

export function register(group: Command, cli: Cli): void {
	const command = group
		.command("patch")
		.description("change what heads of a run do, and every metric before and after");
	withRun(command)
		.option("--heads <list>", "other attention patterns: 0.1=self-pair,0.2=previous-token")
		.option("--zero <list>", "heads whose result becomes 0: 0.1,1.2, or all")
		.option("--mean <list>", "heads whose result becomes its mean over the batch")
		.option("--strength <x>", "from 0, no change, to 1 (default: 1)")
		.option("--normalize", "scale the rows of a matrix to sum to 1")
		.option("--no-normalize", "take the rows of a matrix as they are")
		.addOption(new Option("--keys <spelling>", "names of the metrics").choices(SPELLINGS).default("early"))
		.addHelpText("after", EXAMPLES)
		.action(async (run: string, options: PatchOptions) => {
			const { patch } = await import("../../actions/icl/patch.js");
			await patch(cli, run, options);
		});
}
