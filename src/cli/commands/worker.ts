import type { Command } from "commander";
import type { Cli } from "../cli.js";
import { wholeNumber } from "../input/options.js";

export interface WorkerOptions {
	readonly queue: string;
	readonly storage: string;
	readonly concurrency: number;
	readonly lock: number;
	readonly patience: number;
	readonly untilEmpty?: boolean;
}

const EXAMPLES = `
Examples:
  headscope worker --queue redis://host:6379 --storage s3://bucket/sweeps
  headscope worker --queue redis://host:6379 --storage /shared/runs --concurrency 8 --until-empty`;

export function register(program: Command, cli: Cli): void {
	program
		.command("worker")
		.description("train runs that headscope sweep run --queue gave away, until Ctrl-C")
		.requiredOption("--queue <url>", "redis://host:port[/database]")
		.requiredOption(
			"--storage <place>",
			"a folder or s3://bucket[/folder]; the same for the sweep and all its workers",
		)
		.option("--concurrency <n>", "runs at a time, each on one core", wholeNumber(1, 256), 1)
		.option(
			"--lock <seconds>",
			"a worker that is silent for so long loses its run to another",
			wholeNumber(1, 3600),
			15,
		)
		.option(
			"--patience <seconds>",
			"how long Redis may be away before runs are stopped at a checkpoint and this ends with an error",
			wholeNumber(1, 1e6),
			300,
		)
		.option("--until-empty", "end when the queue is empty")
		.addHelpText("after", EXAMPLES)
		.action(async (options: WorkerOptions) => {
			const { worker } = await import("../actions/worker.js");
			await worker(cli, options);
		});
}
