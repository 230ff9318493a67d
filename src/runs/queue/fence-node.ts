import type { Job } from "bullmq";
import { TrainError } from "../../train/errors.js";
import { type JobData, QUEUE, type RedisConnection } from "./redis-node.js";

/** This start of a run was replaced by a later one: what is left of it must not write. */
export class StaleAttemptError extends TrainError {
	override name = "StaleAttemptError";
}

/** How long the answer of Redis is waited for, in milliseconds. */
const ANSWER_WITHIN = 3_000;

/** Gives a number only to who still holds the job's lock: KEYS lock, fence; ARGV the lock's token. */
const TAKE = `
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("INCR", KEYS[2]) end
return false`;

/**
 * A fencing token: the starts of a run are numbered by Redis, and only the latest may write.
 * See M. Kleppmann, "How to do distributed locking" (2016), for why a lock alone cannot tell.
 */
export class Fence {
	private constructor(
		private readonly connection: RedisConnection,
		private readonly key: string,
		/** From 1, one more with each start of the run. */
		readonly token: number,
	) {}

	/** @throws {StaleAttemptError} where the job's lock went to another worker meanwhile */
	static async take(connection: RedisConnection, job: Job<JobData>): Promise<Fence> {
		const { name, projectDir } = job.data;
		const key = `${QUEUE}:fence:${projectDir}`;
		const lock = [job.prefix, job.queueName, job.id, "lock"].join(":");
		const token = await connection.redis.eval(TAKE, 2, lock, key, job.token ?? "");
		if (typeof token !== "number") throw new StaleAttemptError(`${name}: its lock was lost before it began`);
		return new Fence(connection, key, token);
	}

	/**
	 * Passes where this start is the latest, and where Redis cannot say: nothing that may be written
	 * depends on it for being right, see `AttemptStorage`.
	 * @throws {StaleAttemptError}
	 */
	async check(): Promise<void> {
		const { redis } = this.connection;
		if (redis.status !== "ready") return;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const silence = new Promise<undefined>((resolve) => {
			timer = setTimeout(resolve, ANSWER_WITHIN, undefined);
		});
		const latest = await Promise.race([redis.get(this.key).catch(() => undefined), silence]);
		clearTimeout(timer);
		// null: Redis has lost it
		if (latest && Number(latest) > this.token) {
			throw new StaleAttemptError(`start ${this.token} was replaced by start ${latest}`);
		}
	}
}
