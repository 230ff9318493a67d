import { type Command, Option } from "commander";
import type { Cli } from "../cli.js";
import { namingOptions } from "../input/option-names.js";
import { type BosOption, wholeNumber, withBos, withHeads } from "../input/options.js";
import type { HeadsOptions } from "../open/open-heads.js";

export interface AblateOptions extends HeadsOptions, BosOption {
	readonly kind: string;
	readonly heads: string;
	readonly metric?: string;
	readonly positions?: string;
	readonly answer?: string;
	readonly wrong?: string;
	readonly samples?: string;
	readonly count?: number;
	readonly n?: number;
	readonly seed: number;
	readonly text?: string;
	readonly textFile?: string;
	readonly ids?: string;
	readonly mask?: string;
	readonly pairs?: boolean;
	readonly greedy?: number;
	readonly top?: number;
	readonly memory?: number;
	readonly out?: string;
}

/** Random rows by name. */
const TASKS = ["induction", "repeat", "repeat-4", "abxa", "random"];

/** What the library calls the options. A sweep's cells are made by `--kind`. */
const NAMES = {
	kind: "--kind",
	cells: "--kind",
	heads: "--heads",
	count: "--greedy",
	memory: "--memory",
	metric: "--metric",
	answers: "--answer",
	wrong: "--wrong",
	mask: "--mask",
};

const EXAMPLES = `
Examples:
  headscope ablate
  headscope ablate model.gguf --kind mean --samples induction --json
  headscope ablate demo --kind frozen-patterns --heads 0.1,1.2 --out change.svg
  headscope ablate model.gguf --metric loss --positions 51:100 --ids ids.json
  headscope ablate demo --pairs --out pairs.png
  headscope ablate demo --greedy 3 --out greedy.svg
  headscope ablate M=64 --metric mse`;

export function register(program: Command, cli: Cli): void {
	const command = program
		.command("ablate")
		.description("ablate heads and measure what that changes of a metric, each with its interval");
	command
		.option(
			"--kind <name>",
			"zero, mean (over rows and positions), resample (another row's), frozen-patterns (zero, later patterns kept)",
			"zero",
		)
		.option("--heads <list>", "heads such as 0.1,1.2, each on its own", "all")
		.option("--metric <name>", "what is measured (default: loss, of a regression run mse)")
		.option("--positions <A:B>", "positions A to B-1 that the metric is taken at: of loss those that predict")
		.option("--answer <token>", "of a metric of answers: the token, with --ids its id")
		.option("--wrong <token>", "of logit-difference: the wrong token")
		.addOption(
			new Option("--samples <name>", "random rows (default: induction, a segment twice)").choices(TASKS),
		)
		.option(
			"--count <n>",
			"random rows, or rows of --text-file or of a run (default: 50)",
			wholeNumber(1, 1_000_000),
		)
		.option("--n <n>", "tokens of a random segment (default: 50, or what fits)", wholeNumber(1, 1_000_000))
		.option("--seed <n>", "of random rows and of the interval", wholeNumber(0, 2 ** 32 - 1), 0)
		.option("--text <text>", "a prompt instead of random rows")
		.option("--text-file <file>", "natural text instead: rows of 2n tokens of a UTF-8 file")
		.option("--ids <file>", "JSON [batch][pos] of token ids instead")
		.option("--mask <file>", "JSON of 0 and 1 in the shape of the ids; 0 is padding")
		.option("--pairs", "ablate every two of the heads together")
		.option("--greedy <n>", "add to a set, n times, the head that changes the metric most", wholeNumber(1))
		.option("--top <n>", "how many are listed (default: 10; --json has all)", wholeNumber(1))
		.option("--memory <MB>", "what a run may take beside the weights, about (default: 805)", wholeNumber(1))
		.option("--out <file>", "where to draw a heat map, of --greedy a line: .svg or .png");
	withBos(withHeads(command))
		.addHelpText("after", EXAMPLES)
		.action(async (model: string, options: AblateOptions) => {
			const { ablate } = await import("../actions/ablate.js");
			await namingOptions(NAMES, () => ablate(cli, model, options));
		});
}
