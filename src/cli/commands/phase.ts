import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { type BosOption, wholeNumber, withBos, withHeads } from "../input/options.js";
import type { HeadsOptions } from "../open/open-heads.js";

export interface PhaseOptions extends HeadsOptions, BosOption {
	readonly samples?: number;
	readonly n?: number;
	readonly seed: number;
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
		.option(
			"--samples <n>",
			"rows of each kind of sample (default: 50, of a run 256)",
			wholeNumber(1, 1_000_000),
		)
		.option(
			"--n <n>",
			"random tokens in a row's segment, examples before the repeated x of a run (default: 50, or what fits)",
			wholeNumber(1, 1_000_000),
		)
		.option("--seed <n>", "seed of the random tokens", wholeNumber(0, 2 ** 32 - 1), 0)
		.option("--out <file>", "where to draw the scores over the steps: .svg or .png");
	withBos(withHeads(command))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: PhaseOptions) => {
			const { phase } = await import("../actions/phase.js");
			await phase(cli, model, options);
		});
}
