import * as z from "zod/mini";
import { check } from "../shared/schemas.js";
import { TrainError } from "./errors.js";
import { float, merge, type PythonDict, plain } from "./python-json.js";
import { defaultDivFactor } from "./schedule.js";

/** A whole number from 1. */
const count = z.int().check(z.positive());
const fromZero = z.int().check(z.nonnegative());
const positive = z.number().check(z.positive());
const notNegative = z.number().check(z.nonnegative());
/** A factor of an average that forgets. */
const decay = notNegative.check(z.lt(1));
const seed = z.nullable(fromZero);
const spacing = z.nullable(z.union([count, z.tuple([z.number(), z.number(), count])]));
const name = z.nullish(z.string());
/** At which steps something happens; see {@link StepsSetting}. */
export const stepsSetting = z.union([
	z.array(fromZero),
	z.strictObject({
		log_space: z.optional(spacing),
		linear_space: z.optional(spacing),
		log_subsample: z.optional(count),
		linear_subsample: z.optional(count),
	}),
]);

/** What the transformer and its data are; the keys are those of the Python trainer. */
export const TaskConfig = z.strictObject({
	/** Input dimensions D. */
	task_size: count,
	/** Examples per sequence K. */
	max_examples: count,
	/** Number of tasks M of the pre-training distribution; infinity means a fresh Gaussian task each time. */
	num_tasks: z.union([count, z.literal(Number.POSITIVE_INFINITY), z.literal("inf")]),
	/** Variance, not standard deviation, of the noise on y. */
	noise_variance: notNegative,
	embed_size: count,
	mlp_size: count,
	num_heads: count,
	num_layers: count,
	model_seed: seed,
	pretrain_seed: seed,
	true_seed: seed,
	sampling_seed: seed,
	layer_norm: z.boolean(),
	/** Whether the attention has an output projection. */
	include_output: z.boolean(),
});

export const OptimizerConfig = z.strictObject({
	optimizer_type: z.enum(["Adam", "AdamW", "SGD"]),
	lr: positive,
	betas: z.tuple([decay, decay]),
	weight_decay: notNegative,
	/** Of SGD. */
	momentum: z.optional(decay),
});

export const SchedulerConfig = z.discriminatedUnion("scheduler_type", [
	z.strictObject({
		scheduler_type: z.literal("OneCycleLR"),
		max_lr: positive,
		total_steps: z.int().check(z.minimum(4)),
		anneal_strategy: z.literal("linear"),
		pct_start: positive.check(z.lt(1)),
		div_factor: positive,
		final_div_factor: positive,
		/** Momentum is never cycled. */
		cycle_momentum: z.literal(false),
	}),
	z.strictObject({
		scheduler_type: z.literal("CosineAnnealingLR"),
		lr: positive,
		T_max: positive,
		eta_min: z.optional(notNegative),
	}),
	z.strictObject({ scheduler_type: z.literal("constant"), lr: positive }),
]);

/** Every setting of a run, checked: the keys are those of the Python trainer. */
export const RunConfig = z.strictObject({
	task_config: TaskConfig.check(
		z.refine((task) => task.embed_size % task.num_heads === 0, {
			error: (issue) => {
				const { embed_size, num_heads } = issue.input as { embed_size: number; num_heads: number };
				return `embed_size ${embed_size} is not a multiple of num_heads ${num_heads}`;
			},
		}),
	),
	optimizer_config: OptimizerConfig,
	scheduler_config: SchedulerConfig,
	num_steps: count,
	batch_size: count,
	eval_batch_size: count,
	checkpointer_config: z.strictObject({
		checkpoint_steps: stepsSetting,
		/** Folder below `checkpoints/`; default `icl/<run name>`. */
		project_dir: z.optional(z.string()),
		/** Folder that holds `checkpoints/` on this machine. */
		local_root: name,
		bucket_name: name,
	}),
	logger_config: z.strictObject({
		logging_steps: stepsSetting,
		project: name,
		entity: name,
	}),
	/** Appended to the run's name. */
	extra: z.optional(z.string()),
});
export type RunConfig = z.output<typeof RunConfig>;

/** What a run takes for everything that is not given. */
const DEFAULTS: PythonDict = {
	task_config: {
		task_size: 8,
		max_examples: 16,
		num_tasks: 64,
		noise_variance: 0.25,
		embed_size: 128,
		mlp_size: 128,
		num_heads: 2,
		num_layers: 8,
		model_seed: 0,
		pretrain_seed: 1,
		true_seed: 2,
		sampling_seed: 3,
		layer_norm: true,
		include_output: false,
	},
	optimizer_config: { optimizer_type: "Adam", betas: [0.9, 0.999], weight_decay: float(0), lr: 1e-3 },
	num_steps: 500_000,
	batch_size: 256,
	eval_batch_size: 2048,
	checkpointer_config: { checkpoint_steps: { log_space: 50, linear_space: 50 } },
	logger_config: { logging_steps: { log_space: 100, linear_space: 100 } },
};

/**
 * The given settings over the defaults, as Python would hold them. The schedule takes its length and
 * rate from the run, unless it gives its own.
 */
export function withDefaults(given: PythonDict): PythonDict {
	const merged = merge(DEFAULTS, given);
	return { ...merged, scheduler_config: schedulerDict(merged) };
}

function schedulerDict(merged: PythonDict): PythonDict {
	const given = (merged.scheduler_config ?? {}) as PythonDict;
	const { lr = null } = merged.optimizer_config as PythonDict;
	const type = given.scheduler_type ?? "OneCycleLR";
	const steps = given.total_steps ?? merged.num_steps ?? null;
	if (type === "constant") return merge({ scheduler_type: type, lr }, given);
	if (type === "CosineAnnealingLR") return merge({ scheduler_type: type, lr, T_max: steps }, given);
	const factor = typeof steps === "number" ? float(defaultDivFactor(steps)) : null;
	return merge(
		{
			scheduler_type: type,
			anneal_strategy: "linear",
			pct_start: 0.5,
			cycle_momentum: false,
			max_lr: lr,
			total_steps: steps,
			div_factor: factor,
			final_div_factor: factor,
		},
		given,
	);
}

/**
 * Checks the given settings over the defaults.
 * @param where what errors call it
 * @throws {TrainError} one line with every key that is unknown or wrong
 */
export function resolveConfig(given: PythonDict, where = "configuration"): RunConfig {
	const result = check(RunConfig, plain(withDefaults(given)));
	if (result.success) {
		checkLength(result.data, where);
		return result.data;
	}
	throw new TrainError(`${where}: ${result.error.issues.map(describeIssue).join("; ")}`);
}

/** A schedule that ends before the run leaves its last steps without a rate. */
function checkLength({ scheduler_config: schedule, num_steps }: RunConfig, where: string): void {
	if (schedule.scheduler_type === "OneCycleLR" && schedule.total_steps < num_steps) {
		throw new TrainError(
			`${where}: scheduler_config.total_steps ${schedule.total_steps}, allowed from num_steps ${num_steps}`,
		);
	}
}

/** A fault that zod found, with its path and what is allowed. */
export function describeIssue(issue: z.core.$ZodIssue): string {
	const path = issue.path.join(".");
	if (issue.code !== "unrecognized_keys") return path ? `${path}: ${issue.message}` : issue.message;
	const keys = issue.keys.map((key) => [...issue.path, key].join("."));
	return `unknown ${keys.length > 1 ? "keys" : "key"} ${keys.join(", ")}`;
}

/** Sequences seen over the whole run. */
export function numTrainingSamples(config: RunConfig): number {
	return config.num_steps * config.batch_size;
}

/** The number of tasks, infinity where the distribution is Gaussian. */
export function numTasks({ task_config: { num_tasks } }: RunConfig): number {
	return num_tasks === "inf" ? Number.POSITIVE_INFINITY : num_tasks;
}
