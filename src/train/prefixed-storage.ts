import { checkKey, type Storage } from "./storage.js";

/** A storage that keeps everything below a folder of another. */
export class PrefixedStorage implements Storage {
	readonly name: string;

	/** @param prefix such as `teams/a`, without a slash at either end */
	constructor(
		private readonly inner: Storage,
		private readonly prefix: string,
	) {
		checkKey(inner.name, prefix);
		this.name = `${inner.name}/${prefix}`;
	}

	put(key: string, bytes: Uint8Array): Promise<void> {
		return this.inner.put(this.at(key), bytes);
	}

	putNew(key: string, bytes: Uint8Array): Promise<boolean> {
		return this.inner.putNew(this.at(key), bytes);
	}

	get(key: string): Promise<Uint8Array | undefined> {
		return this.inner.get(this.at(key));
	}

	exists(key: string): Promise<boolean> {
		return this.inner.exists(this.at(key));
	}

	async list(prefix: string): Promise<string[]> {
		const keys = await this.inner.list(`${this.prefix}/${prefix}`);
		return keys.map((key) => key.slice(this.prefix.length + 1));
	}

	private at(key: string): string {
		checkKey(this.name, key);
		return `${this.prefix}/${key}`;
	}
}
