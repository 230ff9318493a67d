import type { Storage } from "../../train/storage.js";
import { keepSettings } from "../run-settings.js";
import type { SweepBoard } from "../sweep-board.js";
import { connectRedis, openQueue } from "./redis-node.js";
import { aborted, enqueueRuns, watchSweep } from "./sweep-queue-node.js";
import { type WatchRedisOptions, watchRedis } from "./watch-redis-node.js";

export interface GiveAwayOptions extends Pick<WatchRedisOptions, "patience"> {
	/** Address of Redis, see {@link connectRedis}. */
	readonly queue: string;
	/** Where the workers write. */
	readonly storage: Storage;
	/** Do not wait for the workers. */
	readonly detach?: boolean | undefined;
	/** Ends the waiting. */
	readonly signal: AbortSignal;
	/** What is to be told, besides the board: address and state of a Redis that went away or came back. */
	readonly onRedis: (where: string, state: "away" | "back") => void;
}

/**
 * Has the workers of a queue train the waiting runs of a board (Node), and keeps the board up to date until none is
 * left to be done.
 * @throws {TrainError} where Redis cannot be reached, or stayed away
 */
export async function giveAwaySweep(board: SweepBoard, options: GiveAwayOptions): Promise<void> {
	const { queue: url, storage, detach, patience } = options;
	const connection = await connectRedis(url);
	const queue = openQueue(connection);
	using watch = watchRedis(connection, {
		patience,
		consequence: "the workers wait for it too; the same command goes on when it is back",
		onChange: (state) => options.onRedis(connection.where, state),
	});
	const signal = AbortSignal.any([options.signal, watch.signal]);
	const give = async (): Promise<void> => {
		const runs = board.inState("waiting").map(({ run }) => run);
		// workers know no more than the configuration: the settings as they were given are kept from here
		for (const run of runs) await keepSettings(run, [storage]);
		await enqueueRuns(queue, runs);
		if (!detach) await watchSweep(board, { queue, storage, signal });
	};
	try {
		// what Redis is asked it answers when it is back, perhaps never
		await Promise.race([give(), aborted(signal)]);
	} finally {
		const closed = queue.close().catch(() => {});
		await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 500))]);
		connection.redis.disconnect();
	}
}
