import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Job, Queue } from "bullmq";
import type { Storage } from "../../train/storage.js";
import type { SweepRun } from "../../train/sweep.js";
import { readResult } from "../run-progress.js";
import { runToTrain, toJson } from "../run-result.js";
import type { BoardRow, SweepBoard } from "../sweep-board.js";
import type { JobData, JobProgress } from "./redis-node.js";

/** A run whose worker was stopped by something that may pass, such as a bucket that is away, is tried again. */
const RETRY = { attempts: 1_000_000, backoff: { type: "fixed", delay: 5_000 } };
/** Between two looks at the queue, in milliseconds. */
const LOOK_EVERY = 1_000;

/**
 * The job's name in the queue: one for each run and configuration, so that a run is there once however often
 * its sweep is enqueued, and not mistaken for the one that an edited sweep now means.
 */
export function jobId({ names, config }: SweepRun): string {
	const hash = bytesToHex(sha256(new TextEncoder().encode(toJson(config)))).slice(0, 12);
	return `${names.projectDir.replaceAll(":", "_")}-${hash}`;
}

/** Puts runs into the queue; those that are in it stay where they are, failed ones are tried again. */
export async function enqueueRuns(queue: Queue<JobData>, runs: readonly SweepRun[]): Promise<void> {
	for (const run of runs) {
		const id = jobId(run);
		const job = await queue.getJob(id);
		if (job && (await job.isFailed())) await job.remove();
	}
	await queue.addBulk(runs.map(jobOf));
}

function jobOf(run: SweepRun): { name: string; data: JobData; opts: object } {
	const { names, config } = run;
	const data = { name: names.current, projectDir: names.projectDir, config: toJson(config) };
	// what is done is in the storage; Redis need not keep it
	return { name: names.current, data, opts: { jobId: jobId(run), removeOnComplete: true, ...RETRY } };
}

export interface WatchOptions {
	readonly queue: Queue<JobData>;
	/** Where the workers write. */
	readonly storage: Storage;
	readonly signal: AbortSignal;
	/** In milliseconds. */
	readonly lookEvery?: number;
}

/**
 * Keeps a board up to date with what workers do, until no run of it is left to be done. Whether a run is finished
 * is for the storage to say: a run that Redis has lost is put into the queue again.
 */
export async function watchSweep(board: SweepBoard, options: WatchOptions): Promise<void> {
	const { signal, lookEvery = LOOK_EVERY } = options;
	signal.throwIfAborted();
	const abort = aborted(signal);
	for (;;) {
		// Redis may be away, and then answers only when it is back
		await Promise.race([look(board, options), abort]);
		if (board.inState("waiting").length + board.inState("training").length === 0) return;
		await Promise.race([new Promise((resolve) => setTimeout(resolve, lookEvery)), abort]);
	}
}

async function look(board: SweepBoard, { queue, storage }: WatchOptions): Promise<void> {
	const open = [...board.inState("waiting"), ...board.inState("training")];
	const jobs = new Map<string, { job: Job<JobData>; state: BoardRow["state"] }>();
	const add = async (state: BoardRow["state"], types: ("wait" | "delayed" | "active" | "failed")[]) => {
		for (const job of await queue.getJobs(types)) if (job?.id) jobs.set(job.id, { job, state });
	};
	await add("waiting", ["wait", "delayed"]);
	await add("training", ["active"]);
	await add("failed", ["failed"]);
	for (const row of open) {
		const found = jobs.get(jobId(row.run));
		if (found) board.update(row, changeOf(found));
		else {
			const result = await readResult(runToTrain(row.run), [storage]);
			if (result) board.update(row, { state: "finished", step: result.step });
			else await enqueueRuns(queue, [row.run]);
		}
	}
}

function changeOf({ job, state }: { job: Job<JobData>; state: BoardRow["state"] }): Partial<BoardRow> {
	if (state === "failed") return { state, error: job.failedReason };
	const { step, loss, worker } = job.progress as Partial<JobProgress>;
	return {
		state,
		worker: state === "training" ? worker : undefined,
		...(step === undefined ? {} : { step, loss }),
	};
}

/** Rejects when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<never> {
	const promise = new Promise<never>((_, reject) => {
		signal.addEventListener("abort", () => reject(signal.reason), { once: true });
	});
	// also where nobody waits any more
	promise.catch(() => {});
	return promise;
}
