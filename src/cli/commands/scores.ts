import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { wholeNumber, withBos, withHeads } from "../input/options.js";
import { type SampleCommandOptions, withSamples } from "./induction.js";

export interface ScoresOptions extends SampleCommandOptions {
	readonly score: readonly string[];
	readonly ids?: string;
	readonly mask?: string;
	readonly period?: number;
}

const EXAMPLES = `
Examples:
  headscope scores demo --score induction-repeat previous-token
  headscope scores demo --score induction-repeat:tl-compatible,entropy --json
  headscope scores model.gguf --score induction --ids ids.json
  headscope scores M=64 --score previous-token,self_attn`;

export function register(program: Command, cli: Cli): void {
	const command = program.command("scores").description("score every head, on samples or on given tokens");
	command
		.requiredOption("--score <names...>", "scores, with a mode as name:mode; an unknown name lists them")
		.option("--ids <file>", "JSON [batch][pos] of token ids to score on, instead of samples")
		.option("--mask <file>", "JSON of 0 and 1 in the shape of the ids; 0 is padding")
		.option(
			"--period <n>",
			"length of the segment that the ids repeat, for modes that go by it",
			wholeNumber(1),
		);
	withBos(withHeads(withSamples(command)))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: ScoresOptions) => {
			const { scores } = await import("../actions/scores.js");
			await scores(cli, model, options);
		});
}
