import { openStorage } from "../../runs/open-storage-node.js";
import { runSweepWorker, type WorkerEvent } from "../../runs/queue/sweep-worker-node.js";
import { readEnvironment } from "../../train/open-storages-node.js";
import type { Cli } from "../cli.js";
import type { WorkerOptions } from "../commands/worker.js";

/** What `headscope worker --json` prints at its end. */
export interface WorkerResult {
	readonly finished: number;
	readonly failed: number;
	/** Runs that were not finished, but left for other workers or for later. */
	readonly left: number;
}

/** How long runs may take to stop at a checkpoint after Ctrl-C, in milliseconds. */
const STOP_WITHIN = 120_000;

export async function worker(cli: Cli, options: WorkerOptions): Promise<void> {
	const { queue, concurrency, untilEmpty } = options;
	const storage = await openStorage(options.storage, await readEnvironment());
	const counts = { finished: 0, failed: 0, left: 0 };
	cli.io.tidyFor?.(STOP_WITHIN);
	// how service managers end a process
	const ended = new AbortController();
	const end = (): void => ended.abort();
	process.once("SIGTERM", end);
	try {
		await runSweepWorker({
			...{ queue, storage, concurrency, untilEmpty },
			...{ lockDuration: 1000 * options.lock, patience: 1000 * options.patience },
			signal: AbortSignal.any([cli.signal, ended.signal]),
			onEvent: (event) => {
				if (event.kind in counts) counts[event.kind as keyof typeof counts]++;
				cli.note(describe(event, storage.name));
			},
		});
	} finally {
		process.off("SIGTERM", end);
	}
	await cli.result(
		(): WorkerResult => counts,
		() => `${counts.finished} runs finished, ${counts.failed} failed, ${counts.left} left for others`,
	);
}

function describe(event: WorkerEvent, place: string): string {
	switch (event.kind) {
		case "ready":
			return `waiting for runs; results go to ${place}; Ctrl-C stops at a checkpoint`;
		case "begun":
			return `${event.name}: begun, start ${event.token}`;
		case "finished":
			return `${event.name}: finished${event.written ? "" : "; another start of it had written the result"}`;
		case "left":
			return `${event.name}: left: ${event.why}`;
		case "failed":
			return `${event.name}: failed: ${event.error}`;
		case "redis":
			return event.state === "away" ? "Redis is away; going on until it is back" : "Redis is back";
	}
}
