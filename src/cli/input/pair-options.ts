import type { Command } from "commander";
import type { HeadsOptions } from "../open/open-heads.js";
import { type BosOption, wholeNumber, withBos, withHeads } from "./options.js";

/** Options of the commands that put activations of clean rows into a run on corrupted ones. */
export interface PairCommandOptions extends HeadsOptions, BosOption {
	/** Of language models. */
	readonly clean?: string;
	/** Of language models the prompt, of regression runs how rows are corrupted. */
	readonly corrupt?: string;
	readonly cleanIds?: string;
	readonly corruptIds?: string;
	readonly answer?: string;
	readonly wrong?: string;
	readonly metric?: string;
	/** Of regression runs. */
	readonly samples?: number;
	readonly seed?: number;
	readonly top?: number;
	readonly out?: string;
}

/** Adds the model or run, and what says its clean and corrupted rows and how they are measured. */
export function withPair(command: Command): Command {
	return withBos(
		withHeads(command)
			.option("--clean <text>", "the prompt that gives the answer")
			.option(
				"--corrupt <text>",
				"the prompt that does not, of as many tokens: the run that is changed; of a regression run tasks (y of another row's task, the default) or labels (a row's y exchanged)",
			)
			.option("--clean-ids <file>", "JSON [batch][pos] of token ids, instead of --clean")
			.option("--corrupt-ids <file>", "JSON [batch][pos] of token ids, instead of --corrupt")
			.option("--answer <token>", "the token that is right after the clean prompt; with ids its id")
			.option("--wrong <token>", "the token that is right after the corrupted prompt; with ids its id")
			.option(
				"--metric <name>",
				"logit-difference, log-probability, or another of headscope's metrics (default: logit-difference, of a regression run the squared error of its last prediction)",
			)
			.option(
				"--samples <n>",
				"of a regression run: how many of its evaluator's sequences (default: 256)",
				wholeNumber(1, 1_000_000),
			)
			.option(
				"--seed <n>",
				"of a regression run: what exchanges tasks or labels (default: 0)",
				wholeNumber(0, 2 ** 32 - 1),
			),
	);
}

/** Adds how much is listed, and where the figure goes. */
export function withFindings(command: Command): Command {
	return command
		.option("--top <n>", "how many are listed (default: 10)", wholeNumber(1))
		.option("--out <file>", "where to draw a heat map: .svg or .png");
}
