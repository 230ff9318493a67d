import { type Command, Option } from "commander";
import type { Cli } from "../../cli.js";
import { wholeNumber } from "../../input/options.js";
import { RUN_BATCHES, type RunBatch, type RunOptions, withRun } from "./run-options.js";

export interface FiguresOptions extends RunOptions {
	readonly out: string;
	readonly samples?: number;
	readonly batch: RunBatch;
	readonly seed: number;
	readonly compare?: string;
}

const EXAMPLES = `
Examples:
  headscope icl figures M=1
  headscope icl figures M=64 --batch pretrain --samples 2 --out pictures
  headscope icl figures M=1 --compare M=64,M=65536`;

export function register(group: Command, cli: Cli): void {
	const command = group
		.command("figures")
		.description("draw every activation of a run, sample by sample and side by side, as PNG files");
	withRun(command)
		.option("--out <folder>", "where the figures go", "figures")
		.addOption(
			new Option(
				"--batch <name>",
				"what the run is given: inputs along the axes with targets of task 0 (trick), or sequences of its own tasks or of Gaussian ones",
			)
				.choices(RUN_BATCHES)
				.default("trick"),
		)
		.option("--samples <n>", "how many sequences (default: task_size with trick, else 4)", wholeNumber(1, 64))
		.option("--seed <n>", "of the sequences and of the noise in targets", wholeNumber(0, 2 ** 32 - 1), 0)
		.option("--compare <runs>", "more runs, whose attention goes into one figure with this one's: M=4,M=64")
		.addHelpText("after", EXAMPLES)
		.action(async (run: string, options: FiguresOptions) => {
			const { figures } = await import("../../actions/icl/figures.js");
			await figures(cli, run, options);
		});
}
