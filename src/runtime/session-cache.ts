import type { InferenceSession } from "onnxruntime-common";

interface Entry {
	readonly session: Promise<InferenceSession>;
	readonly bytes: number;
	users: number;
}

/**
 * Sessions by program key, least recently used first out, bounded by bytes. A session in use is never
 * disposed of; one that nobody asks for again is, as soon as the bound needs its room.
 */
export class SessionCache {
	private readonly entries = new Map<string, Entry>();
	private bytes = 0;

	constructor(private readonly limit: number) {}

	get size(): number {
		return this.entries.size;
	}

	/** Lends the session under `key` to `use`, making it first where it is not there. */
	async lend<T>(
		key: string,
		bytes: number,
		make: () => Promise<InferenceSession>,
		use: (session: InferenceSession) => Promise<T>,
	): Promise<T> {
		let entry = this.entries.get(key);
		if (entry) this.entries.delete(key);
		else {
			entry = { session: make(), bytes, users: 0 };
			this.bytes += bytes;
		}
		this.entries.set(key, entry);
		entry.users++;
		try {
			return await use(
				await entry.session.catch((error: unknown) => this.forget(key, entry as Entry, error)),
			);
		} finally {
			entry.users--;
			await this.evict();
		}
	}

	/** Disposes of every session. */
	async clear(): Promise<void> {
		const sessions = [...this.entries.values()];
		this.entries.clear();
		this.bytes = 0;
		for (const { session } of sessions) await (await session).release();
	}

	private forget(key: string, entry: Entry, error: unknown): never {
		if (this.entries.get(key) === entry) {
			this.entries.delete(key);
			this.bytes -= entry.bytes;
		}
		throw error;
	}

	private async evict(): Promise<void> {
		for (const [key, entry] of this.entries) {
			if (this.bytes <= this.limit) return;
			if (entry.users > 0) continue;
			this.entries.delete(key);
			this.bytes -= entry.bytes;
			await (await entry.session).release();
		}
	}
}
