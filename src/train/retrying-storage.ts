import { messageOf } from "../weights/errors.js";
import { TrainError } from "./errors.js";
import type { Storage } from "./storage.js";

/** A storage stayed away: the run can go on later, on this machine or another. */
export class StorageAwayError extends TrainError {
	override name = "StorageAwayError";
}

/** Pauses between tries, in milliseconds: half a minute in all. */
const PAUSES = [500, 1000, 2000, 4000, 8000, 15_000];

/** Errors of a disk that no pause cures. */
const LASTING = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "ENOTDIR"];

/** A storage whose failing requests are tried again, with growing pauses between. */
export class RetryingStorage implements Storage {
	readonly name: string;

	constructor(
		private readonly inner: Storage,
		private readonly pauses: readonly number[] = PAUSES,
	) {
		this.name = inner.name;
	}

	put(key: string, bytes: Uint8Array): Promise<void> {
		return this.try(() => this.inner.put(key, bytes));
	}

	putNew(key: string, bytes: Uint8Array): Promise<boolean> {
		return this.try(() => this.inner.putNew(key, bytes));
	}

	get(key: string): Promise<Uint8Array | undefined> {
		return this.try(() => this.inner.get(key));
	}

	exists(key: string): Promise<boolean> {
		return this.try(() => this.inner.exists(key));
	}

	list(prefix: string): Promise<string[]> {
		return this.try(() => this.inner.list(prefix));
	}

	private async try<T>(request: () => Promise<T>): Promise<T> {
		for (let n = 0; ; n++) {
			try {
				return await request();
			} catch (error) {
				const pause = isLasting(error) ? undefined : this.pauses[n];
				if (pause === undefined) {
					const tries = n > 0 ? ` (tried ${n + 1} times)` : "";
					throw new StorageAwayError(`${messageOf(error)}${tries}`, { cause: error });
				}
				await new Promise((resolve) => setTimeout(resolve, pause));
			}
		}
	}
}

function isLasting(error: unknown): boolean {
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	if (!(cause instanceof Error)) return false;
	const { code, $metadata: answer } = cause as { code?: unknown; $metadata?: { httpStatusCode?: number } };
	return LASTING.includes(String(code)) || isRefusal(answer?.httpStatusCode ?? 0);
}

/** Whether a bucket has understood the request and will not have it: wrong keys, no such bucket. */
function isRefusal(status: number): boolean {
	const passing = [408, 409, 425, 429];
	return status >= 400 && status < 500 && !passing.includes(status);
}
