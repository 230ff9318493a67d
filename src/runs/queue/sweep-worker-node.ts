import { randomBytes } from "node:crypto";
import type { Job, Worker } from "bullmq";
import { TrainError } from "../../train/errors.js";
import type { PythonDict } from "../../train/python-json.js";
import { RetryingStorage, StorageAwayError } from "../../train/retrying-storage.js";
import { resolveConfig } from "../../train/run-config.js";
import type { Storage } from "../../train/storage.js";
import { messageOf } from "../../weights/errors.js";
import { readResult } from "../run-progress.js";
import { fromJson, type RunToTrain } from "../run-result.js";
import { AttemptStorage } from "./attempt-storage.js";
import { Fence, StaleAttemptError } from "./fence-node.js";
import { publishLogs, WORKER_NAME, writeResult } from "./finish-run-node.js";
import { connectRedis, type JobData, openQueue, QUEUE, type RedisConnection } from "./redis-node.js";
import { StoppedError } from "./train-and-report.js";
import { trainInThread } from "./train-in-thread-node.js";
import { watchRedis } from "./watch-redis-node.js";

/** What happens in a worker, for whoever looks on. */
export type WorkerEvent =
	| { readonly kind: "ready" }
	| { readonly kind: "begun"; readonly name: string; readonly token: number }
	/** `written` is false where another start of the run had written the result already. */
	| { readonly kind: "finished"; readonly name: string; readonly token: number; readonly written: boolean }
	/** Not finished; it is for another worker, or for later. */
	| { readonly kind: "left"; readonly name: string; readonly why: string }
	| { readonly kind: "failed"; readonly name: string; readonly error: string }
	| { readonly kind: "redis"; readonly state: "away" | "back" };

export interface SweepWorkerOptions {
	/** Address of Redis, see {@link connectRedis}. */
	readonly queue: string;
	/** Where checkpoints, logs and results go: the same for all workers of the queue. */
	readonly storage: Storage;
	/** Runs at a time, each on one core. Default 1. */
	readonly concurrency?: number | undefined;
	/** Stops at checkpoints and gives the runs back. */
	readonly signal: AbortSignal;
	/** End when the queue is empty; by default wait for more. */
	readonly untilEmpty?: boolean | undefined;
	/** A worker that is silent for so many milliseconds loses its run. Default 15,000. */
	readonly lockDuration?: number | undefined;
	/** Redis may be away for so many milliseconds; then the worker stops. Default 300,000. */
	readonly patience?: number | undefined;
	readonly onEvent?: ((event: WorkerEvent) => void) | undefined;
}

/** Between two reports to Redis, in milliseconds. */
const REPORT_EVERY = 1_000;
/** How long Redis may take to hear that a worker goes, in milliseconds. */
const FAREWELL = 3_000;

/**
 * Trains runs of the queue until the signal (Node). A run whose worker was silent for longer than its lock lasts
 * is given to another, which goes on from the last checkpoint: a run may be done twice, but not written twice.
 * @throws {TrainError} where Redis cannot be reached, or stayed away
 */
export async function runSweepWorker(options: SweepWorkerOptions): Promise<void> {
	const connection = await connectRedis(options.queue);
	try {
		await new SweepWorker(connection, options).run();
	} finally {
		connection.redis.disconnect();
	}
}

class SweepWorker {
	private readonly storage: Storage;
	/** Ends all runs at a checkpoint: the caller's wish, or Redis that stays away. */
	private readonly ending = new AbortController();
	/** By job: stops one run. */
	private readonly running = new Map<string, AbortController>();
	private readonly event: (event: WorkerEvent) => void;

	constructor(
		private readonly connection: RedisConnection,
		private readonly options: SweepWorkerOptions,
	) {
		this.storage = new RetryingStorage(options.storage);
		this.event = options.onEvent ?? (() => {});
	}

	async run(): Promise<void> {
		const { bull, redis } = this.connection;
		const { concurrency = 1, lockDuration = 15_000, signal } = this.options;
		const worker: Worker<JobData> = new bull.Worker<JobData>(QUEUE, (job) => this.process(job), {
			connection: redis as never,
			concurrency,
			lockDuration,
			stalledInterval: lockDuration,
			// machines may come and go as often as they like
			maxStalledCount: 1_000_000_000,
		});
		worker.on("error", () => {});
		// lost to another worker, or about to be: what is done is saved, the rest is the other's
		worker.on("lockRenewalFailed", (ids) => {
			for (const id of ids) this.running.get(id)?.abort();
		});
		const end = (): void => this.ending.abort(new StoppedError("stopped"));
		signal.addEventListener("abort", end);
		if (signal.aborted) end();
		// runs go on until Redis has been away for too long
		using watch = watchRedis(this.connection, {
			patience: this.options.patience,
			consequence: "runs are stopped at a checkpoint",
			onChange: (state) => this.event({ kind: "redis", state }),
		});
		watch.signal.addEventListener("abort", () => this.ending.abort(watch.signal.reason));
		try {
			this.event({ kind: "ready" });
			const over = new Promise<void>((resolve) => {
				this.ending.signal.addEventListener("abort", () => resolve());
			});
			await (this.options.untilEmpty ? Promise.race([over, this.queueEmpty()]) : over);
			if (this.ending.signal.aborted) await this.allStopped();
			await withinTime(worker.close(), FAREWELL);
		} finally {
			signal.removeEventListener("abort", end);
			await withinTime(worker.close(true), FAREWELL);
		}
		const { reason } = this.ending.signal;
		if (reason instanceof TrainError) throw reason;
	}

	private async queueEmpty(): Promise<void> {
		await using queue = closing(openQueue(this.connection));
		while (!this.ending.signal.aborted) {
			const counts = await queue.value.getJobCounts("wait", "active", "delayed");
			if (Object.values(counts).every((count) => count === 0)) return;
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
	}

	private async allStopped(): Promise<void> {
		while (this.running.size > 0) await new Promise((resolve) => setTimeout(resolve, 50));
	}

	private async process(job: Job<JobData>): Promise<void> {
		const { bull } = this.connection;
		const { name } = job.data;
		const id = job.id ?? "";
		const stop = new AbortController();
		this.running.set(id, stop);
		try {
			await this.train(job, AbortSignal.any([stop.signal, this.ending.signal]));
		} catch (error) {
			if (error instanceof StoppedError && this.ending.signal.aborted) {
				this.event({ kind: "left", name, why: "stopped at a checkpoint" });
				// at the front of the queue at once, not when the lock is over
				await withinTime(job.moveToWait(job.token), FAREWELL);
				throw new bull.WaitingError();
			}
			const passing = [StoppedError, StaleAttemptError, StorageAwayError].some(
				(kind) => error instanceof kind,
			);
			if (passing) {
				const why = error instanceof StoppedError ? "its lock was lost" : messageOf(error);
				this.event({ kind: "left", name, why });
				throw error;
			}
			this.event({ kind: "failed", name, error: messageOf(error) });
			throw new bull.UnrecoverableError(messageOf(error));
		} finally {
			// the same run may have begun anew here meanwhile
			if (this.running.get(id) === stop) this.running.delete(id);
		}
	}

	private async train(job: Job<JobData>, signal: AbortSignal): Promise<void> {
		const run = readJob(job.data);
		const { name, projectDir, config } = run;
		if (await readResult(run, [this.storage])) return;
		const fence = await Fence.take(this.connection, job);
		const { token } = fence;
		this.event({ kind: "begun", name, token });
		// random too: a Redis that lost its last second may count the same number twice
		const attempt = `${token}-${randomBytes(4).toString("hex")}`;
		const storage = new AttemptStorage(this.storage, projectDir, attempt, () => fence.check());
		let reported = 0;
		const trained = await trainInThread(config, {
			storages: [storage],
			projectDir,
			signal,
			onReport: (report) => {
				const now = performance.now();
				if (now - reported < REPORT_EVERY || this.connection.redis.status !== "ready") return;
				reported = now;
				job.updateProgress({ ...report, worker: WORKER_NAME }).catch(() => {});
			},
		});
		await publishLogs(run, storage.publishing());
		const { written } = await writeResult(run, trained, [storage], token);
		this.event({ kind: "finished", name, token, written });
	}
}

/** @throws {TrainError} for a job that somebody else put into the queue */
function readJob({ name, projectDir, config }: JobData): RunToTrain {
	return { name, projectDir, config: resolveConfig(fromJson(config) as PythonDict, name) };
}

/** Waits, but not for ever: Redis may be away. */
async function withinTime(work: Promise<unknown>, milliseconds: number): Promise<void> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const over = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, milliseconds);
	});
	await Promise.race([work.catch(() => {}), over]);
	clearTimeout(timer);
}

function closing<T extends { close(): Promise<unknown> }>(value: T): AsyncDisposable & { value: T } {
	return { value, [Symbol.asyncDispose]: () => withinTime(value.close(), FAREWELL) };
}
