import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { type BosOption, type OpenOptions, withBos, withModel } from "../input/options.js";

export interface TokensOptions extends OpenOptions, BosOption {
	readonly text?: string;
	readonly file?: string;
}

export function register(program: Command, cli: Cli): void {
	const command = program.command("tokens").description("how a model's tokenizer splits a text");
	command.option("--text <text>", "the text").option("--file <path>", "a UTF-8 file with the text");
	withBos(withModel(command)).action(async (model: string, options: TokensOptions) => {
		const { tokens } = await import("../actions/tokens.js");
		await tokens(cli, model, options);
	});
}
