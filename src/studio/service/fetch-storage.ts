import type { Storage } from "headscope/train";

/** Files below an address, read by fetch (page). An address cannot be listed: which files there are is told. */
export class FetchStorage implements Storage {
	private readonly keys: readonly string[];

	/**
	 * @param name the address, without "/" at its end
	 * @param keys of all files that count
	 */
	constructor(
		readonly name: string,
		keys: readonly string[],
	) {
		this.keys = keys.toSorted();
	}

	async get(key: string): Promise<Uint8Array | undefined> {
		if (!this.keys.includes(key)) return undefined;
		const answer = await fetch(`${this.name}/${key}`);
		if (!answer.ok) throw new Error(`${this.name}/${key}: ${answer.status} ${answer.statusText}`);
		return new Uint8Array(await answer.arrayBuffer());
	}

	async exists(key: string): Promise<boolean> {
		return this.keys.includes(key);
	}

	async list(prefix: string): Promise<string[]> {
		return this.keys.filter((key) => key.startsWith(prefix));
	}

	put(key: string): Promise<never> {
		return this.refuse(key);
	}

	putNew(key: string): Promise<never> {
		return this.refuse(key);
	}

	private async refuse(key: string): Promise<never> {
		throw new Error(`${this.name}/${key}: a page cannot write there`);
	}
}
