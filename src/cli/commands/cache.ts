import type { Command } from "commander";
import type { Cli } from "../cli.js";
import type { InputOptions } from "../input/input.js";
import { type RunModelOptions, withBos, withRunningModel } from "../input/options.js";

export interface CacheCommandOptions extends RunModelOptions, InputOptions {
	readonly names?: string;
	readonly out: string;
}

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("cache")
		.description("run a model and save its logits and activations as safetensors, by hook name");
	command
		.option("--text <text>", "the text to run on")
		.option("--ids <file>", "JSON [batch][pos] of token ids to run on")
		.option("--mask <file>", "JSON of 0 and 1 in the shape of the ids; 0 is padding")
		.option(
			"--names <list>",
			"hook names, * for any part, or a regular expression (default: all that cost nothing extra)",
		)
		.requiredOption("--out <file.safetensors>", "where to save");
	withBos(withRunningModel(command)).action(async (model: string, options: CacheCommandOptions) => {
		const { cache } = await import("../actions/cache.js");
		await cache(cli, model, options);
	});
}
