import type { Command } from "commander";
import type { Cli } from "../cli.js";
import {
	type BosOption,
	type RowOptions,
	wholeNumber,
	withBos,
	withHeads,
	withRows,
} from "../input/options.js";
import type { HeadsOptions } from "../open/open-heads.js";

/** Options of the commands that make samples. */
export interface SampleCommandOptions extends HeadsOptions, RowOptions, BosOption {
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
  headscope induction owner/name --text book.txt --json
  headscope induction M=64`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("induction")
		.description("find and rank induction heads: which heads look up what followed the current token before");
	withSamples(command)
		.option(
			"--rank-by <score>",
			"score to rank by (default: induction or induction-repeat, the one with more lift)",
		)
		.option(
			"--out <path>",
			"where to save: a folder for the figures (SVG and PNG) and the page induction.html, or a file .html for the page alone",
		);
	withBos(withHeads(command))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: InductionOptions) => {
			const { induction } = await import("../actions/induction.js");
			await induction(cli, model, options);
		});
}

/** Adds the options that say what the samples are and how much of a ranking is shown. */
export function withSamples(command: Command): Command {
	return withRows(command)
		.option("--top <n>", "heads shown (default: 10 in a table, all with --json)", wholeNumber(1))
		.option(
			"--text <file>",
			"natural text instead of repeated random tokens: rows of 2n tokens of a UTF-8 file",
		);
}
