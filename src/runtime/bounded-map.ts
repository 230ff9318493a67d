/** A map bounded by the bytes of its values: the least recently used go first, the newest always stays. */
export class BoundedMap<K, V> {
	private readonly entries = new Map<K, { readonly value: V; readonly bytes: number }>();
	private bytes = 0;

	constructor(private readonly limit: number) {}

	get size(): number {
		return this.entries.size;
	}

	get(key: K): V | undefined {
		const entry = this.entries.get(key);
		if (!entry) return undefined;
		this.entries.delete(key);
		this.entries.set(key, entry);
		return entry.value;
	}

	set(key: K, value: V, bytes: number): void {
		this.delete(key);
		this.entries.set(key, { value, bytes });
		this.bytes += bytes;
		for (const oldest of this.entries.keys()) {
			if (this.bytes <= this.limit || oldest === key) return;
			this.delete(oldest);
		}
	}

	delete(key: K): void {
		this.bytes -= this.entries.get(key)?.bytes ?? 0;
		this.entries.delete(key);
	}
}
