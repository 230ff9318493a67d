import { TorchRandom } from "../../random/index.js";
import { Tensor } from "../../tensor/index.js";
import { checkCount, TaskError } from "../samples.js";
import { checkFinite, MAX_TASKS } from "./check.js";

/** Where the weight vectors w of linear regression y = x . w + noise come from. */
export interface TaskDistribution {
	/** Numbers of a task, D. */
	readonly taskSize: number;
	/** How many tasks there are; "inf" where each is drawn anew. */
	readonly numTasks: number | "inf";
	/** The tasks [task, task_size], where there is a table of them. */
	readonly tasks?: Tensor<"float32">;
	/** The next `count` tasks: [count, task_size]. */
	sample(random: TorchRandom, count: number): Tensor<"float32">;
}

/** A seed, or a stream to go on with. */
export type SeedOrStream = number | TorchRandom;

/** The stream that a seed starts, or the stream itself. */
export function streamOf(source: SeedOrStream): TorchRandom {
	return typeof source === "number" ? new TorchRandom(source) : source;
}

/**
 * `numTasks` tasks drawn once from N(0, I), each as likely as any other: the pre-training distribution of
 * Raventos et al. 2023 ("Pretraining task diversity and the emergence of non-Bayesian in-context learning").
 * @param source what the table is drawn with; the published runs take seed 1
 * @throws {TaskError} for counts below 1 and more than 2^20 tasks.
 */
export function discreteTasks(numTasks: number, taskSize: number, source: SeedOrStream): TaskDistribution {
	checkCount("tasks: task size", taskSize);
	if (!Number.isSafeInteger(numTasks) || numTasks < 1 || numTasks > MAX_TASKS) {
		throw new TaskError(
			`tasks: number of tasks ${numTasks}, allowed whole numbers from 1 to ${MAX_TASKS}, or "inf"`,
		);
	}
	return fromTable(new Tensor("float32", [numTasks, taskSize], streamOf(source).normal(numTasks * taskSize)));
}

/** A fresh task from N(0, I) for every sequence. @throws {TaskError} for a size below 1. */
export function gaussianTasks(taskSize: number): TaskDistribution {
	checkCount("tasks: task size", taskSize);
	return {
		taskSize,
		numTasks: "inf",
		sample: (random, count) => new Tensor("float32", [count, taskSize], random.normal(count * taskSize)),
	};
}

/** One given task for every sequence; nothing is drawn for it. @throws {TaskError} unless it is one vector. */
export function singletonTask(task: Tensor): TaskDistribution {
	const [taskSize, more] = task.shape;
	if (taskSize === undefined || more !== undefined || taskSize === 0) {
		throw new TaskError(`tasks: a task of shape [${task.shape.join(", ")}], allowed [task_size]`);
	}
	checkFinite("tasks", task);
	const tasks = task.to("float32").reshape([1, taskSize]);
	return { taskSize, numTasks: 1, tasks, sample: (_, count) => rowsOf(tasks, new Int32Array(count)) };
}

/**
 * Discrete tasks for a number, Gaussian ones for "inf", which draw nothing from `source`.
 * @throws {TaskError} for a number of tasks or a size that is out of range.
 */
export function taskDistribution(
	numTasks: number | "inf",
	taskSize: number,
	source: SeedOrStream,
): TaskDistribution {
	return numTasks === "inf" ? gaussianTasks(taskSize) : discreteTasks(numTasks, taskSize, source);
}

/**
 * A discrete distribution over given tasks [task, task_size].
 * @throws {TaskError} for another rank, no task or more than 2^20 of them, and numbers that are not finite.
 */
export function fromTable(table: Tensor): TaskDistribution {
	const [numTasks, taskSize, more] = table.shape;
	if (!numTasks || !taskSize || more !== undefined || numTasks > MAX_TASKS) {
		throw new TaskError(
			`tasks: a table of shape [${table.shape.join(", ")}], allowed [1..${MAX_TASKS}, task_size]`,
		);
	}
	checkFinite("tasks", table);
	const tasks = table.to("float32");
	return {
		taskSize,
		numTasks,
		tasks,
		// with replacement; a table of one row draws too
		sample: (random, count) => rowsOf(tasks, random.integers(count, numTasks)),
	};
}

function rowsOf({ data, shape }: Tensor<"float32">, rows: Int32Array): Tensor<"float32"> {
	const size = shape[1] as number;
	const out = new Float32Array(rows.length * size);
	for (const [i, row] of rows.entries()) out.set(data.subarray(row * size, (row + 1) * size), i * size);
	return new Tensor("float32", [rows.length, size], out);
}
