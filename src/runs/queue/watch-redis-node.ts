import { TrainError } from "../../train/errors.js";
import type { RedisConnection } from "./redis-node.js";

export interface WatchRedisOptions {
	/** Redis may owe an answer for so many milliseconds. Default 300,000. */
	readonly patience?: number | undefined;
	/** What its error says after "Redis was away for 300 s". */
	readonly consequence: string;
	/** Called once when Redis has been silent for {@link SAY_AFTER}, and once when it answers again. */
	readonly onChange: (state: "away" | "back") => void;
}

/** How long Redis may take to answer before anybody is told, in milliseconds. */
const SAY_AFTER = 3_000;
/** Between two looks, in milliseconds. */
const LOOK_EVERY = 250;

/** {@link WatchRedisOptions.patience} by default. */
export const PATIENCE = 300_000;

/**
 * Asks Redis all the time whether it is there: the connection itself waits for it however long, also where a machine
 * is only frozen or out of reach and nothing was closed.
 * @returns a signal that aborts with a `TrainError` when Redis has stayed away for too long
 */
export function watchRedis(
	{ redis, where }: RedisConnection,
	{ patience = PATIENCE, consequence, onChange }: WatchRedisOptions,
): Disposable & { readonly signal: AbortSignal } {
	const gone = new AbortController();
	let asked = false;
	// counted in looks, not by the clock: a process that was frozen itself has not waited
	let silent = 0;
	let told = false;
	let over = false;
	const end = (): void => {
		over = true;
		clearInterval(timer);
	};
	const answered = (): void => {
		// closing the connection answers too
		if (over) return;
		asked = false;
		silent = 0;
		if (told) onChange("back");
		told = false;
	};
	const look = (): void => {
		if (!asked) {
			asked = true;
			// an error is an answer as well
			redis.ping().then(answered, answered);
			return;
		}
		silent += LOOK_EVERY;
		if (!told && silent >= Math.min(SAY_AFTER, patience)) {
			told = true;
			onChange("away");
		}
		if (silent < patience) return;
		end();
		const seconds = Math.round(patience / 1000);
		gone.abort(new TrainError(`${where}: Redis was away for ${seconds} s; ${consequence}`));
	};
	const timer = setInterval(look, LOOK_EVERY);
	return { signal: gone.signal, [Symbol.dispose]: end };
}
