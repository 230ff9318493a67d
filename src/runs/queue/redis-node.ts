import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { reject } from "../../train/errors.js";
import { loadPackage } from "../../train/load-package.js";
import { messageOf } from "../../weights/errors.js";

/** What a worker is told. The configuration is JSON, in which infinity has a spelling. */
export interface JobData {
	readonly name: string;
	readonly projectDir: string;
	readonly config: string;
}

/** What a worker tells while it trains. */
export interface JobProgress {
	readonly step: number;
	readonly loss: number;
	readonly worker: string;
}

/** Of BullMQ, in Redis; sweeps that are to have workers of their own take another database. */
export const QUEUE = "headscope-sweep";

/** How long Redis may take to answer for the first time, in milliseconds. */
const FIRST_ANSWER = 3_000;

type Bull = typeof import("bullmq");

/** BullMQ, and a connection of ioredis that comes back by itself where Redis was away. */
export interface RedisConnection {
	readonly bull: Bull;
	readonly redis: Redis;
	/** The address without a password. */
	readonly where: string;
}

/**
 * Connects to Redis.
 * @param url `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS
 * @throws {TrainError} where the packages are not installed, and where nobody answers
 */
export async function connectRedis(url: string): Promise<RedisConnection> {
	const where = redact(url);
	const [bull, { Redis }] = await loadPackage(where, "queues need", "bullmq ioredis", () =>
		Promise.all([import("bullmq"), import("ioredis")]),
	);
	let last = "no answer";
	const redis = new Redis(url, {
		// BullMQ waits for Redis to come back, however long
		maxRetriesPerRequest: null,
		retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 6), 3000),
	});
	redis.on("error", (error) => {
		last = messageOf(error);
	});
	const timeout = new Promise<never>((_, fail) => {
		setTimeout(() => fail(new Error(last)), FIRST_ANSWER).unref();
	});
	try {
		await Promise.race([redis.ping(), timeout]);
	} catch (error) {
		redis.disconnect();
		return reject(where, `Redis cannot be reached: ${messageOf(error)}`, error);
	}
	return { bull, redis, where };
}

/** The queue of sweeps. */
export function openQueue({ bull, redis }: RedisConnection): Queue<JobData> {
	const queue = new bull.Queue<JobData>(QUEUE, { connection: redis as never });
	// the connection's own listener knows of these already
	queue.on("error", () => {});
	return queue;
}

function redact(url: string): string {
	let parsed: URL;
	try {
		parsed = new URL(url);
	} catch (error) {
		return reject("--queue", `"${url}", allowed: redis://host:port[/database] or rediss://...`, error);
	}
	if (!["redis:", "rediss:"].includes(parsed.protocol)) {
		return reject(
			"--queue",
			`"${parsed.protocol}//...", allowed: redis://host:port[/database] or rediss://...`,
		);
	}
	parsed.username = "";
	parsed.password = "";
	return parsed.href;
}
