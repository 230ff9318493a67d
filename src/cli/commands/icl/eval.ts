import { type Command, Option } from "commander";
import type { MetricKeys } from "../../../tasks/regression/index.js";
import type { Cli } from "../../cli.js";
import { wholeNumber } from "../../input/options.js";
import { type RunOptions, withRun } from "./run-options.js";

export interface EvalOptions extends RunOptions {
	readonly weights?: string;
	readonly inputs?: string;
	readonly keys: MetricKeys;
	readonly seed: number;
}

const SPELLINGS: readonly MetricKeys[] = ["early", "current"];

const EXAMPLES = `
Examples:
  headscope icl eval M=64
  headscope icl eval M=64@1640 --keys current --json
  headscope icl eval runs/mine
  headscope icl eval --weights model.pt --config config.json --inputs inputs.safetensors --json`;

export function register(group: Command, cli: Cli): void {
	const command = group
		.command("eval")
		.description("errors of a run against its targets and against the optimal predictors");
	withRun(command, true)
		.option("--weights <file>", "a state dict, .safetensors or .pt, in place of a run")
		.option("--inputs <file.safetensors>", "sequences and evaluation batches for --weights")
		.addOption(new Option("--keys <spelling>", "names of the metrics").choices(SPELLINGS).default("early"))
		.option(
			"--seed <n>",
			"of the subsequence metric's lengths, with --keys current",
			wholeNumber(0, 2 ** 32 - 1),
			0,
		)
		.addHelpText("after", EXAMPLES)
		.action(async (run: string | undefined, options: EvalOptions) => {
			const { evaluate } = await import("../../actions/icl/eval.js");
			await evaluate(cli, run, options);
		});
}
