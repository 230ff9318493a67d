import { type Command, InvalidArgumentError } from "commander";
import type { Cli } from "../../cli.js";
import { wholeNumber } from "../../input/options.js";

export interface TrainOptions {
	readonly sweep?: string;
	readonly where?: string;
	readonly steps?: number;
	readonly out?: string;
	readonly resume?: boolean;
	readonly threads?: number;
	/** What {@link SETTINGS} give, by the option's name in camel case. */
	readonly [setting: string]: unknown;
}

/** Settings that have a flag of their own, with their path in the run's configuration. */
export const SETTINGS: readonly {
	readonly key: string;
	readonly path: readonly string[];
	readonly what: string;
}[] = [
	{
		key: "num_tasks",
		path: ["task_config"],
		what: "tasks of the training distribution, or inf (default: 64)",
	},
	{ key: "task_size", path: ["task_config"], what: "numbers of an input x (default: 8)" },
	{ key: "max_examples", path: ["task_config"], what: "examples of a sequence (default: 16)" },
	{ key: "noise_variance", path: ["task_config"], what: "variance of the noise on y (default: 0.25)" },
	{ key: "num_layers", path: ["task_config"], what: "blocks (default: 8)" },
	{ key: "num_heads", path: ["task_config"], what: "heads of a block (default: 2)" },
	{ key: "embed_size", path: ["task_config"], what: "width of the residual stream (default: 128)" },
	{ key: "mlp_size", path: ["task_config"], what: "width of the MLPs (default: 128)" },
	{ key: "model_seed", path: ["task_config"], what: "seed of the initial weights (default: 0)" },
	{ key: "pretrain_seed", path: ["task_config"], what: "seed of the tasks (default: 1)" },
	{ key: "sampling_seed", path: ["task_config"], what: "seed of the batches (default: 3)" },
	{ key: "lr", path: ["optimizer_config"], what: "highest learning rate (default: 0.001)" },
	{ key: "batch_size", path: [], what: "sequences of a batch (default: 256)" },
	{ key: "eval_batch_size", path: [], what: "sequences of each evaluation batch (default: 2048)" },
];

const EXAMPLES = `
Examples:
  headscope icl train --sweep demo-sweep.yaml --where num_tasks=64 --out runs
  headscope icl train --num-tasks 16 --task-size 4 --max-examples 8 --num-layers 2 --steps 5000 --out runs
  headscope icl train --num-tasks 16 --task-size 4 --max-examples 8 --num-layers 2 --steps 5000 --out runs --resume`;

export function register(group: Command, cli: Cli): void {
	const command = group
		.command("train")
		.description("train a run, of a sweep or by settings of your own; it can be stopped and gone on with")
		.option(
			"--sweep <file>",
			"a sweep file, or one that comes with headscope: demo-sweep.yaml, small-sweep.yaml",
		)
		.option("--where <settings>", "which run of the sweep: num_tasks=64,lr=0.001")
		.option("--steps <n>", "updates, in place of what the sweep says (default: 500000)", wholeNumber(1))
		.option("--out <dir>", "folder for checkpoints/ (default: LOCAL_ROOT and the bucket of .env, else runs)")
		.option("--resume", "go on from the last checkpoint where there is one")
		.option("--threads <n>", "threads to compute with (default: the cores, at most 8)", wholeNumber(1, 256));
	for (const { key, what } of SETTINGS) {
		command.option(`--${key.replaceAll("_", "-")} <n>`, what, numberOrInf(key === "num_tasks"));
	}
	command.addHelpText("after", EXAMPLES).action(async (options: TrainOptions) => {
		const { train } = await import("../../actions/icl/train.js");
		await train(cli, options);
	});
}

/** Reads a number; which ones a setting takes is checked with all settings together. */
function numberOrInf(infinite: boolean): (text: string) => number {
	return (text) => {
		const value = infinite && text === "inf" ? Number.POSITIVE_INFINITY : Number(text);
		if (text.trim() !== "" && (Number.isFinite(value) || (infinite && value > 0))) return value;
		throw new InvalidArgumentError(`Allowed are numbers${infinite ? " and inf" : ""}.`);
	};
}
