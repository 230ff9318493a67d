import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { wholeNumber } from "../input/options.js";

export interface StudioOptions {
	readonly port: number;
	readonly out?: string;
	readonly sae?: readonly string[];
}

const EXAMPLES = `
Examples:
  headscope studio
  headscope studio model.gguf --port 8080
  headscope studio model.gguf --sae saes/blocks.8.hook_resid_pre
  headscope studio --out site

Without a model the page computes by itself, in WASM; models that are named are computed here, in Node.
--out writes the page's files for any static host.`;

export function register(program: Command, cli: Cli): void {
	program
		.command("studio")
		.description("open the studio: see a head, touch it and watch the model change, in the browser")
		.argument("[models...]", "folders, .gguf files or hub ids that the page may open")
		.option("--port <n>", "port on 127.0.0.1 (default: any that is free)", wholeNumber(0, 65535), 0)
		.option("--sae <folder...>", "folders of sparse autoencoders that changes in the page may take")
		.option("--out <folder>", "write the page as static files instead of serving it")
		.addHelpText("after", EXAMPLES)
		.action(async (models: string[], options: StudioOptions) => {
			const { studio } = await import("../actions/studio.js");
			await studio(cli, models, options);
		});
}
