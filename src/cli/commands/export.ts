import { type Command, Option } from "commander";
import type { Cli } from "../cli.js";
import {
	type BosOption,
	type RunModelOptions,
	wholeNumber,
	withBos,
	withRunningModel,
} from "../input/options.js";

/** What rows can be made of. */
export const EXPORT_SAMPLES = ["repeat", "repeat-4", "abxa", "random", "text", "prompts"] as const;

export interface ExportOptions extends RunModelOptions, BosOption {
	readonly samples?: (typeof EXPORT_SAMPLES)[number];
	readonly text?: string;
	readonly prompts?: readonly string[];
	readonly rows: number;
	readonly n?: number;
	readonly seed: number;
	readonly out: string;
}

const EXAMPLES = `
Examples:
  headscope export --out site
  headscope export owner/name --samples text --text book.txt --rows 256 --out site
  headscope export model.gguf --prompts "red fox moon red fox" "to be or not to be" --out site

The folder holds index.html, which opens from the disk, and data/: patterns.safetensors, and config.json,
scatter_data.json and heads/L0H0.json as HeadVis and Neuronpedia read them.`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("export")
		.description(
			"write a page of every head on samples, with its data in the HeadVis layout, for any static host",
		);
	command
		.addOption(
			new Option(
				"--samples <kind>",
				"rows to run on: random tokens that repeat, once (repeat) or four times, A B X..A (abxa), random ones, a text's, or prompts (default: repeat, or what is given)",
			).choices(EXPORT_SAMPLES),
		)
		.option("--text <file>", "UTF-8 text that is cut into rows of 2n tokens")
		.option("--prompts <text...>", "rows of their own, a text each")
		.option("--rows <n>", "rows to run on", wholeNumber(1, 100_000), 64)
		.option(
			"--n <n>",
			"random tokens in a row's segment (default: 50, or what fits)",
			wholeNumber(1, 1_000_000),
		)
		.option("--seed <n>", "seed of the samples", wholeNumber(0, 2 ** 32 - 1), 0)
		.requiredOption("--out <folder>", "a new or empty folder to write to");
	withBos(withRunningModel(command))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: ExportOptions) => {
			const { exportHeads } = await import("../actions/export.js");
			await exportHeads(cli, model, options);
		});
}
