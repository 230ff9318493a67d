import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { type BosOption, type RunModelOptions, wholeNumber, withBos, withRunningModel } from "../options.js";

/** Options of the commands that make samples. */
export interface SampleCommandOptions extends RunModelOptions, BosOption {
	readonly samples?: number;
	readonly n?: number;
	readonly seed: number;
	readonly top?: number;
	readonly text?: string;
}

export interface InductionOptions extends SampleCommandOptions {
	readonly rankBy?: string;
	readonly out?: string;
}

const EXAMPLES = `
Examples:
  headscope induction
  headscope induction model.gguf --samples 50 --out figures
  headscope induction owner/name --text book.txt --json`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("induction")
		.description("find and rank induction heads: which heads look up what followed the current token before");
	withSamples(command)
		.option(
			"--rank-by <score>",
			"score to rank by (default: induction or induction-repeat, the one with more lift)",
		)
		.option("--out <folder>", "where to save the figures (SVG and PNG) and the page induction.html");
	withBos(withRunningModel(command))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: InductionOptions) => {
			const { induction } = await import("../actions/induction.js");
			await induction(cli, model, options);
		});
}

/** Adds the options that say what the samples are and how much of a ranking is shown. */
export function withSamples(command: Command): Command {
	return command
		.option("--samples <n>", "rows of each kind of sample (default: 50)", wholeNumber(1, 1_000_000))
		.option(
			"--n <n>",
			"random tokens in a row's segment (default: 50, or what fits)",
			wholeNumber(1, 1_000_000),
		)
		.option("--seed <n>", "seed of the random tokens", wholeNumber(0, 2 ** 32 - 1), 0)
		.option("--top <n>", "heads shown (default: 10 in a table, all with --json)", wholeNumber(1))
		.option(
			"--text <file>",
			"natural text instead of repeated random tokens: rows of 2n tokens of a UTF-8 file",
		);
}
