import { type Command, InvalidArgumentError } from "commander";
import { referenceSnippet } from "../../verify/snippet.js";
import type { Cli } from "../cli.js";
import { namingOptions } from "../input/option-names.js";
import { type RunModelOptions, withRunningModel } from "../input/options.js";

export interface VerifyOptions extends RunModelOptions {
	readonly reference?: string;
	readonly textFile?: string;
	readonly checks?: readonly string[];
	readonly tolerance?: number;
	readonly snippet?: boolean;
}

/** What the library calls the options. */
const NAMES = {
	reference: "--reference",
	text: "--text-file",
	checks: "--checks",
	tolerance: "--tolerance",
};

const HELP = `
The exit code is 1 where a check fails. Without a reference the command sees faults that break what holds of
every correct model (causality, padding, cache, softmax, rotation, float64) or the loss on a text; a wrong constant or
weight that breaks neither is seen with a reference only. This Python program, which --snippet prints for a
model, writes one:

${indented(referenceSnippet("owner/name"))}

Examples:
  headscope verify demo
  headscope verify owner/name --snippet > reference.py && python reference.py
  headscope verify owner/name --reference reference.safetensors
  headscope verify model.gguf --text-file novel.txt --json`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("verify")
		.description("check that a model computes what it should, alone or beside another program's numbers");
	command
		.option("--reference <file>", "safetensors of another program's run, made by the program below")
		.option(
			"--text-file <file>",
			"UTF-8 text of the model's own kind (default: English, where the vocabulary has more than 4,000 tokens)",
		)
		.option("--checks <names...>", "which checks to make (default: all); an unknown name lists them")
		.option("--tolerance <x>", "allowed: x max(1, largest value / 10) (default: 5e-5)", positiveNumber)
		.option("--snippet", "print the Python program that makes the reference of the model, and nothing else");
	withRunningModel(command)
		.addHelpText("after", HELP)
		.action(async (model: string, options: VerifyOptions) => {
			const { verify } = await import("../actions/verify.js");
			await namingOptions(NAMES, () => verify(cli, model, options));
		});
}

function indented(code: string): string {
	return code.trimEnd().replaceAll(/^/gm, "  ");
}

function positiveNumber(text: string): number {
	const value = Number(text);
	if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
	throw new InvalidArgumentError("Allowed are positive numbers.");
}
