import { type Command, Option } from "commander";
import type { Scale } from "../../figures/colour.js";
import type { Cli } from "../cli.js";
import type { InputOptions } from "../input/input.js";
import { wholeNumber, withBos, withHeads } from "../input/options.js";
import type { HeadsOptions } from "../open/open-heads.js";
import { RUN_BATCHES, type RunBatch } from "./icl/run-options.js";

export interface AttentionOptions extends HeadsOptions, InputOptions {
	readonly from?: string;
	readonly tokens?: string;
	readonly row: number;
	readonly batch?: RunBatch;
	readonly sample?: number;
	readonly seed?: number;
	readonly heads: string;
	readonly scale: Scale;
	readonly out?: string;
}

const SCALES: readonly Scale[] = ["linear", "log", "hide-first"];

const EXAMPLES = `
Examples:
  headscope attention --text "red fox moon bread red fox moon" --heads 0.1,1.2
  headscope attention model.gguf --text "..." --heads 18.6 --out head.svg
  headscope attention model.gguf --text "..." --out every-head.html
  headscope attention M=64 --batch pretrain --heads 1.1
  headscope attention --from patterns.safetensors --tokens tokens.json`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("attention")
		.description("show attention patterns: in the terminal, or as a figure or a page with --out");
	command
		.option("--text <text>", "the text to run on")
		.option("--ids <file>", "JSON [batch][pos] of token ids to run on")
		.option("--mask <file>", "JSON of 0 and 1 in the shape of the ids; 0 is padding")
		.option("--from <file.safetensors>", "patterns of another program, instead of running a model")
		.option("--tokens <file>", "JSON list of the tokens' texts, for --from")
		.option("--row <n>", "which row of the batch to show", wholeNumber(0), 0)
		.addOption(
			new Option(
				"--batch <name>",
				"of a regression run: inputs along the axes with targets of its first task (trick, the default), or sequences of its own or of Gaussian tasks",
			).choices(RUN_BATCHES as string[]),
		)
		.option(
			"--sample <i>",
			"of a regression run: which sequence of the batch to show (default: 0)",
			wholeNumber(0),
		)
		.option("--seed <n>", "of a regression run: seed of the batch (default: 0)", wholeNumber(0, 2 ** 32 - 1))
		.option("--heads <list>", "heads such as 5.1 or 5.1,5.5, or all", "all")
		.addOption(new Option("--scale <name>", "how values become colours").choices(SCALES).default("linear"))
		.option("--out <file>", "where to save: .svg, .png or .html");
	withBos(withHeads(command))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: AttentionOptions, self: Command) => {
			const { attention } = await import("../actions/attention.js");
			await attention(cli, self.args.length > 0 ? model : undefined, options);
		});
}
