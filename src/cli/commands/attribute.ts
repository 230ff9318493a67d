import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { namesOfPair, namingOptions } from "../input/option-names.js";
import { wholeNumber } from "../input/options.js";
import { type PairCommandOptions, withFindings, withPair } from "../input/pair-options.js";

export interface AttributeOptions extends PairCommandOptions {
	readonly at?: readonly string[];
	readonly steps?: number;
	readonly check?: boolean;
	readonly paths?: boolean;
	readonly senders?: string;
	readonly receivers?: string;
	readonly norms?: string;
	readonly mlps?: string;
}

/** What the library calls the options. */
const NAMES = {
	senders: "--senders",
	receivers: "--receivers",
	norms: "--norms",
	mlps: "--mlps",
	steps: "--steps",
};

const EXAMPLES = `
Examples:
  headscope attribute --clean "red fox moon king red" --corrupt "red fox moon king moon" --answer fox --wrong king
  headscope attribute model.gguf --clean "The capital of France is" --corrupt "The capital of Germany is" \\
      --answer " Paris" --wrong " Berlin" --at z,resid-pre --check --out attribution.svg
  headscope attribute demo --clean-ids clean.json --corrupt-ids corrupt.json --answer 45 --wrong 46 --steps 10
  headscope attribute demo --clean-ids clean.json --corrupt-ids corrupt.json --answer 45 --wrong 46 \\
      --paths --senders heads --receivers q,k,v --json
  headscope attribute M=64 --at z,resid-pre --check`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("attribute")
		.description(
			"estimate what every patch of the corrupted run would change, from one backward pass; or patch paths",
		);
	withPair(command)
		.option("--at <points...>", "resid-pre, resid-mid, attn-out, mlp-out, z, q, k, v, pattern (default: z)")
		.option(
			"--steps <n>",
			"integrated gradients: runs between both sides (default: 0, the corrupted run's own gradient)",
			wholeNumber(0, 10_000),
		)
		.option("--check", "patch truly too, and say how well the estimates agree")
		.option("--paths", "patch paths through the residual stream instead: from each sender to each receiver")
		.option(
			"--senders <list>",
			"of paths: embed, 5.1, mlp.5, attn.5, resid.5, heads, mlps, all (default: all)",
		)
		.option(
			"--receivers <list>",
			"of paths: 5.1.q, 5.1.k, 5.1.v, mlp.5, logits, q, k, v, mlps, all (default: logits)",
		)
		.option("--norms <how>", "of paths: the receiver's norm is frozen or recomputed (default: frozen)")
		.option("--mlps <how>", "of paths: MLPs on the way are frozen or recomputed (default: frozen)");
	withFindings(command)
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: AttributeOptions) => {
			const { attribute } = await import("../actions/attribute.js");
			await namingOptions({ ...NAMES, ...namesOfPair(options) }, () => attribute(cli, model, options));
		});
}
