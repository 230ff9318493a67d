import { type Command, Option } from "commander";
import type { Cli } from "../cli.js";
import { namesOfPair, namingOptions } from "../input/option-names.js";
import { wholeNumber } from "../input/options.js";
import { type PairCommandOptions, withFindings, withPair } from "../input/pair-options.js";

export interface PatchOptions extends PairCommandOptions {
	readonly at: string;
	readonly by?: "position" | "all";
	readonly layers?: string;
	readonly positions?: string;
	readonly memory?: number;
}

/** What the library calls the options. A sweep's cells are made by `--at`. */
const NAMES = {
	by: "--by",
	cells: "--at",
	layers: "--layers",
	positions: "--positions",
	memory: "--memory",
};

const EXAMPLES = `
Examples:
  headscope patch --clean "red fox moon king red" --corrupt "red fox moon king moon" --answer fox --wrong king
  headscope patch model.gguf --clean "The capital of France is" --corrupt "The capital of Germany is" \\
      --answer " Paris" --wrong " Berlin" --at z --out heads.svg
  headscope patch demo --clean-ids clean.json --corrupt-ids corrupt.json --answer 45 --wrong 46 --at k --json
  headscope patch M=64 --at resid-pre --out patch.svg
  headscope patch M=64 --metric true/mse --corrupt labels --at z --json`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("patch")
		.description(
			"put activations of a clean prompt (or sequence) into a corrupted run, one by one: which bring the answer back?",
		);
	withPair(command)
		.option("--at <point>", "resid-pre, resid-mid, attn-out, mlp-out, z, q, k, v, pattern", "resid-pre")
		.addOption(
			new Option(
				"--by <what>",
				"each position on its own, or all at once (default: position; with heads all)",
			).choices(["position", "all"]),
		)
		.option("--layers <list>", "layers to patch in, such as 0,1,-1 (default: all)")
		.option("--positions <list>", "positions to patch, such as 3,-1 (default: all)")
		.option("--memory <MB>", "what a run may take beside the weights, about (default: 805)", wholeNumber(1));
	withFindings(command)
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: PatchOptions) => {
			const { patch } = await import("../actions/patch.js");
			await namingOptions({ ...NAMES, ...namesOfPair(options) }, () => patch(cli, model, options));
		});
}
