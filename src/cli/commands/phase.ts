import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { type BosOption, type RowOptions, withBos, withHeads, withRows } from "../input/options.js";
import type { HeadsOptions } from "../open/open-heads.js";

export interface PhaseOptions extends HeadsOptions, RowOptions, BosOption {
	readonly out?: string;
}

const EXAMPLES = `
Examples:
  headscope phase
  headscope phase demo-llama --out phase.svg
  headscope phase M=64 --out phase.svg
  headscope phase trained --json`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("phase")
		.description(
			"how induction heads formed in training: the scores of heads at each checkpoint, and a language model's loss",
		)
		.option("--out <file>", "where to draw the scores over the steps: .svg or .png");
	withBos(withHeads(withRows(command)))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: PhaseOptions) => {
			const { phase } = await import("../actions/phase.js");
			await phase(cli, model, options);
		});
}
