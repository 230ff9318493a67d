import { Worker } from "node:worker_threads";
import { serve } from "../../runtime/rpc.js";
import { TrainError } from "../../train/errors.js";
import type { RunConfig } from "../../train/run-config.js";
import type { Storage } from "../../train/storage.js";
import type { ThreadEnd, ThreadStart, TrainedRun, TrainingReport } from "./thread-messages.js";
import { StoppedError, trainAndReport } from "./train-and-report.js";

export interface TrainInThreadOptions {
	/** Used in the calling thread, so that they may be anything. */
	readonly storages: readonly Storage[];
	readonly projectDir: string;
	/** Stops at a checkpoint; the promise then rejects with {@link StoppedError}. */
	readonly signal: AbortSignal;
	readonly onReport: (report: TrainingReport) => void;
}

/** A thread can be started from the built JavaScript file only. */
const canSpawn = import.meta.url.endsWith(".js");

/**
 * Trains a run, or goes on with it, in a thread of its own on one core (Node). The calling thread stays free:
 * it renews locks and serves the storages.
 */
export async function trainInThread(config: RunConfig, options: TrainInThreadOptions): Promise<TrainedRun> {
	const { storages, projectDir, signal, onReport } = options;
	if (signal.aborted) throw new StoppedError("stopped before it began");
	if (!canSpawn) {
		return trainAndReport(config, {
			storages,
			projectDir,
			stopAsked: () => signal.aborted,
			report: async (report) => {
				onReport(report);
				// all in one thread: the others must have their turn
				await new Promise((resolve) => setImmediate(resolve));
			},
		});
	}
	const stop = new Int32Array(new SharedArrayBuffer(4));
	const onAbort = (): void => void Atomics.store(stop, 0, 1);
	signal.addEventListener("abort", onAbort);
	try {
		return await runThread({ config, projectDir, storages: storages.map(({ name }) => name), stop }, options);
	} finally {
		signal.removeEventListener("abort", onAbort);
	}
}

function runThread(
	workerData: ThreadStart,
	{ storages, onReport }: TrainInThreadOptions,
): Promise<TrainedRun> {
	const worker = new Worker(new URL("./train-thread-node.js", import.meta.url), {
		name: "headscope training",
		workerData,
		// as for the engine's thread: onnxruntime matches the command line with a deep recursion
		resourceLimits: { stackSizeMb: 128 },
	});
	let end: ThreadEnd | undefined;
	let trouble: unknown;
	serve(
		{
			post: (message) => worker.postMessage(message),
			listen: (onMessage) => worker.on("message", onMessage),
		},
		{
			storage: async ({ index, method, args }: StorageCall) => {
				const storage = storages[index] as Storage;
				const call = storage[method].bind(storage) as (...args: unknown[]) => Promise<unknown>;
				try {
					return { value: await call(...args) };
				} catch (error) {
					// only its text travels to the thread and back
					trouble = error;
					throw error;
				}
			},
			report: async (report: TrainingReport) => ({ value: onReport(report) }),
			end: async (said: ThreadEnd) => {
				end = said;
				return { value: undefined };
			},
		},
	);
	return new Promise((resolve, reject) => {
		worker.on("error", reject);
		// only when the thread is gone is its memory free for the next run
		worker.on("exit", (code) => {
			if (!end) reject(new Error(`the training thread ended with code ${code}`));
			else if ("done" in end) resolve(end.done);
			else if ("stopped" in end) reject(new StoppedError("stopped at a checkpoint"));
			else reject(trouble ?? revived(end.failed));
		});
	});
}

interface StorageCall {
	readonly index: number;
	readonly method: Exclude<keyof Storage, "name">;
	readonly args: readonly unknown[];
}

function revived({
	name,
	message,
	stack,
}: {
	name: string;
	message: string;
	stack?: string | undefined;
}): Error {
	const error = name === "TrainError" ? new TrainError(message) : new Error(message);
	if (error.name !== name) Object.defineProperty(error, "name", { value: name });
	if (stack !== undefined) error.stack = stack;
	return error;
}
