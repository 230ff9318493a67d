import type { Command } from "commander";
import type { Cli } from "../cli.js";
import {
	type BosOption,
	type RunModelOptions,
	wholeNumber,
	withBos,
	withRunningModel,
} from "../input/options.js";

export interface PhaseOptions extends RunModelOptions, BosOption {
	readonly samples?: number;
	readonly n?: number;
	readonly seed: number;
	readonly out?: string;
}

const EXAMPLES = `
Examples:
  headscope phase
  headscope phase demo-llama --out phase.svg
  headscope phase trained --json`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("phase")
		.description(
			"how induction heads formed in training: the scores of heads and the loss at each checkpoint",
		)
		.option("--samples <n>", "rows of each kind of sample (default: 50)", wholeNumber(1, 1_000_000))
		.option(
			"--n <n>",
			"random tokens in a row's segment (default: 50, or what fits)",
			wholeNumber(1, 1_000_000),
		)
		.option("--seed <n>", "seed of the random tokens", wholeNumber(0, 2 ** 32 - 1), 0)
		.option("--out <file>", "where to draw the scores over the steps: .svg or .png");
	withBos(withRunningModel(command))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: PhaseOptions) => {
			const { phase } = await import("../actions/phase.js");
			await phase(cli, model, options);
		});
}
