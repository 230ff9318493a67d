import type { Command } from "commander";
import type { Cli } from "../../cli.js";
import { wholeNumber } from "../../input/options.js";

/** Options of every command on a sweep. */
export interface SweepOptions {
	readonly where?: string;
	readonly steps?: number;
	readonly seed?: number;
	readonly out?: string;
	readonly storage?: string;
}

export interface SweepRunOptions extends SweepOptions {
	readonly workers?: number;
	readonly queue?: string;
	readonly detach?: boolean;
	readonly patience?: number;
}

const EXAMPLES = `
Examples:
  headscope sweep list small-sweep.yaml --where num_layers=2,lr=0.001
  headscope sweep run small-sweep.yaml --where lr=0.001 --out runs
  headscope sweep status small-sweep.yaml --out runs --json
  headscope sweep run sweep.yaml --queue redis://host:6379 --storage s3://bucket/sweeps`;

export function register(program: Command, cli: Cli): void {
	const group = program
		.command("sweep")
		.description("runs of a sweep file: list them, train what is missing, see how far they are")
		.helpCommand("help [command]", "print help for a command")
		.addHelpText("after", EXAMPLES);

	withSweep(group.command("list"))
		.description("the runs of a sweep: index, settings that vary, name, and how far they are")
		.action(async (file: string, options: SweepOptions) => {
			const { list } = await import("../../actions/sweep/list.js");
			await list(cli, file, options);
		});

	withSweep(group.command("run"))
		.description("train what is missing, on all cores of this machine or by the workers of a queue")
		.option("--workers <n>", "runs at a time, each on one core (default: the cores)", wholeNumber(1, 256))
		.option("--queue <url>", "give the runs to workers: redis://host:port[/database]")
		.option("--detach", "with --queue: do not wait for the workers")
		.option(
			"--patience <seconds>",
			"with --queue: how long Redis may be away before this ends with an error (default: 300)",
			wholeNumber(1, 1e6),
		)
		.action(async (file: string, options: SweepRunOptions) => {
			const { runSweep } = await import("../../actions/sweep/run.js");
			await runSweep(cli, file, options);
		});

	withSweep(group.command("status"))
		.description("how far the runs are, and what was measured at the end of those that finished")
		.action(async (file: string, options: SweepOptions) => {
			const { status } = await import("../../actions/sweep/status.js");
			await status(cli, file, options);
		});
}

function withSweep(command: Command): Command {
	return command
		.argument("<file>", "a sweep file, or a shipped one: small-sweep.yaml, demo-sweep.yaml")
		.option("--where <settings>", "only the runs that have them: num_tasks=64,lr=0.001")
		.option("--steps <n>", "updates of each run, in place of what the sweep says", wholeNumber(1, 1e9))
		.option("--seed <n>", "of a random sweep: other runs (default: 0)", wholeNumber(0, 2 ** 32 - 1))
		.option("--out <folder>", "where checkpoints are (default: what .env says, else runs)")
		.option("--storage <place>", "the same as --out, or a bucket: s3://bucket[/folder]");
}
