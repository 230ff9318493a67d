import { type Command, Option } from "commander";
import type { Cli } from "../cli.js";
import type { InputOptions } from "../input/input.js";
import { wholeNumber, withBos, withHeads } from "../input/options.js";
import type { HeadsOptions } from "../open/open-heads.js";
import type { RunBatch } from "./icl/run-options.js";

export interface LensOptions extends HeadsOptions, InputOptions {
	readonly row: number;
	readonly batch?: RunBatch;
	readonly sample?: number;
	readonly seed?: number;
	readonly answer?: string;
	readonly wrong?: string;
	readonly positions?: string;
	readonly at?: readonly string[];
	readonly top?: number;
	/** true where no unit was named. */
	readonly direct?: string | true;
	readonly out?: string;
}

const EXAMPLES = `
Examples:
  headscope lens --text "red fox moon bread king red fox moon bread" --answer king
  headscope lens model.gguf --text "The capital of France is" --answer " Paris" --out lens.svg
  headscope lens model.gguf --text "The capital of France is" --answer " Paris" --wrong " Rome" --direct head
  headscope lens demo --ids ids.json --positions 4:8 --at resid_pre,resid_mid --json
  headscope lens M=64 --direct`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("lens")
		.description("what a model would say at each layer; with --direct what each part of it adds to a logit");
	command
		.option("--text <text>", "the text to run on")
		.option("--ids <file>", "JSON [batch][pos] of token ids to run on")
		.option("--mask <file>", "JSON of 0 and 1 in the shape of the ids; 0 is padding")
		.option("--row <n>", "which row of the ids to show", wholeNumber(0), 0)
		.addOption(
			new Option("--batch <name>", "of a regression run: which sequences, as for attention").choices([
				"trick",
				"pretrain",
				"true",
			]),
		)
		.option("--sample <i>", "of a regression run: which sequence of the batch (default: 0)", wholeNumber(0))
		.option("--seed <n>", "of a regression run: seed of the batch (default: 0)", wholeNumber(0, 2 ** 32 - 1))
		.option("--answer <token>", "the token to follow: its probability and rank; with ids its id")
		.option("--wrong <token>", "a wrong answer, for the difference of two logits; with ids its id")
		.option(
			"--positions <range>",
			"a position or start:end, negative ones from the end (default: all, with --direct -1)",
		)
		.option("--at <points...>", "resid_pre, attn_out, resid_mid, mlp_out (default: resid_pre)")
		.option(
			"--top <k>",
			"tokens told at each place (default: 5), with --direct parts (default: 20)",
			wholeNumber(1),
		)
		.option("--direct [unit]", "take the answer's logit apart: component (the default), head or neuron")
		.option("--out <file>", "where to draw a heat map: .svg or .png");
	withBos(withHeads(command))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: LensOptions) => {
			const { lens } = await import("../actions/lens.js");
			await lens(cli, model, options);
		});
}
