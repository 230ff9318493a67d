import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { type OpenOptions, withModel } from "../input/options.js";

export function register(program: Command, cli: Cli): void {
	withModel(
		program
			.command("info")
			.description("a model's architecture, sizes, modules and hook points, without its weights"),
	).action(async (model: string, options: OpenOptions) => {
		const { info } = await import("../actions/info.js");
		await info(cli, model, options);
	});
}
