import { type Command, InvalidArgumentError } from "commander";
import type { Cli } from "../cli.js";
import {
	type BosOption,
	type RunModelOptions,
	wholeNumber,
	withBos,
	withRunningModel,
} from "../input/options.js";

export interface GenerateCommandOptions extends RunModelOptions, BosOption {
	readonly text?: string;
	readonly ids?: string;
	readonly max: number;
	readonly temperature: number;
	readonly topK?: number;
	readonly topP?: number;
	readonly seed?: number;
	readonly stop?: readonly string[];
	readonly intervene?: string;
}

const EXAMPLES = `
Examples:
  headscope generate demo --text "red fox moon bread red fox" --max 4
  headscope generate HuggingFaceTB/SmolLM2-135M --text "The capital of France is" --temperature 0.8 --top-p 0.95 --seed 1
  headscope generate demo --text "red fox moon red" --intervene '{"kind":"zero","heads":["0.1"]}' --json`;

export function register(program: Command, cli: Cli): void {
	const command = program.command("generate").description("continue a text, greedily or by drawing tokens");
	command
		.option("--text <text>", "the text to continue")
		.option("--ids <file>", "JSON [batch][pos] of token ids to continue, instead of a text")
		.option("--max <n>", "most tokens to add", wholeNumber(1, 1_000_000), 50)
		.option("--temperature <t>", "0 takes the likeliest token, above it tokens are drawn", numberIn(0), 0)
		.option("--top-k <n>", "draw from so many of the likeliest tokens (default: all)", wholeNumber(1))
		.option(
			"--top-p <p>",
			"draw from the likeliest tokens of this probability together (default: 1)",
			numberIn(0, 1),
		)
		.option("--seed <n>", "seed of the draws (default: 0)", wholeNumber(0, 2 ** 32 - 1))
		.option(
			"--stop <tokens...>",
			"tokens that end it, each the text of one (default: the tokenizer's end of text)",
		)
		.option("--intervene <json>", "interventions at every step: JSON, or a file with it");
	withBos(withRunningModel(command))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: GenerateCommandOptions) => {
			const { generate } = await import("../actions/generate.js");
			await generate(cli, model, options);
		});
}

/** Reads an option's value as a number from `least` to `most`. */
function numberIn(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
	return (text) => {
		const value = text.trim() === "" ? Number.NaN : Number(text);
		if (Number.isFinite(value) && value >= least && value <= most) return value;
		throw new InvalidArgumentError(
			`Allowed are numbers from ${least}${most < Number.POSITIVE_INFINITY ? ` to ${most}` : ""}.`,
		);
	};
}
