import type { InferenceSession } from "onnxruntime-common";

/** What the cache needs of a session. */
export type Releasable = Pick<InferenceSession, "release">;

interface Entry<S> {
	readonly session: Promise<S>;
	readonly bytes: number;
	users: number;
	/** No longer in the cache: whoever uses it last disposes of it. */
	dropped: boolean;
}

/**
 * Sessions by program key, least recently used first out, bounded by bytes. A session in use is never
 * disposed of; one that nobody asks for again is, as soon as the bound needs its room.
 */
export class SessionCache<S extends Releasable = InferenceSession> {
	private readonly entries = new Map<string, Entry<S>>();
	private bytes = 0;

	constructor(
		/** Bytes. */
		private readonly limit: number,
		/** Sessions: each keeps buffers of its last run, which no figure of ours covers. */
		private readonly most = 64,
	) {}

	get size(): number {
		return this.entries.size;
	}

	/** Lends the session under `key` to `use`, making it first where it is not there. */
	async lend<T>(
		key: string,
		bytes: number,
		make: () => Promise<S>,
		use: (session: S) => Promise<T>,
	): Promise<T> {
		let entry = this.entries.get(key);
		if (entry) this.entries.delete(key);
		else {
			entry = { session: make(), bytes, users: 0, dropped: false };
			this.bytes += bytes;
		}
		this.entries.set(key, entry);
		entry.users++;
		try {
			const session = await entry.session.catch((error: unknown) => {
				this.drop(key, entry);
				throw error;
			});
			return await use(session);
		} finally {
			entry.users--;
			if (entry.dropped) await release(entry);
			await this.evict();
		}
	}

	/** Forgets the sessions whose key passes a test; those in use are disposed of when their users are done. */
	async dropMatching(test: (key: string) => boolean): Promise<void> {
		for (const [key, entry] of [...this.entries]) {
			if (!test(key)) continue;
			this.drop(key, entry);
			await release(entry);
		}
	}

	/** Forgets every session; those in use are disposed of when their users are done. */
	async clear(): Promise<void> {
		for (const [key, entry] of [...this.entries]) {
			this.drop(key, entry);
			await release(entry);
		}
	}

	private drop(key: string, entry: Entry<S>): void {
		if (entry.dropped) return;
		entry.dropped = true;
		this.entries.delete(key);
		this.bytes -= entry.bytes;
	}

	private async evict(): Promise<void> {
		for (const [key, entry] of [...this.entries]) {
			if (this.bytes <= this.limit && this.entries.size <= this.most) return;
			if (entry.users > 0 || entry.dropped) continue;
			this.drop(key, entry);
			await release(entry);
		}
	}
}

/** Disposes of a session that was made and that nobody uses. */
async function release<S extends Releasable>({ session, users }: Entry<S>): Promise<void> {
	if (users > 0) return;
	const made = await session.catch(() => undefined);
	await made?.release();
}
