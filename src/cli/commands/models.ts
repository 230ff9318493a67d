import type { Command } from "commander";
import type { Cli } from "../cli.js";

export function register(program: Command, cli: Cli): void {
	program
		.command("models")
		.description("what can be loaded: model families, file formats, and the models that come with headscope")
		.action(async () => {
			const { models } = await import("../actions/models.js");
			await models(cli);
		});
}
