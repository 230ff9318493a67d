import { reject } from "./errors.js";

/**
 * Whole files by key, on a disk or in a bucket. Keys are like `checkpoints/icl/<run>/499.safetensors`.
 * Reads see a file as it was before or after a write, never in between, also when the writer is killed.
 */
export interface Storage {
	/** What errors call it: a folder, `s3://bucket`. */
	readonly name: string;
	/** Writes the file whole, over what was there. */
	put(key: string, bytes: Uint8Array): Promise<void>;
	/** Writes the file if there is none; of several that try at once one succeeds. @returns whether it wrote */
	putNew(key: string, bytes: Uint8Array): Promise<boolean>;
	/** The file, or undefined where there is none; every other failure is an error. */
	get(key: string): Promise<Uint8Array | undefined>;
	exists(key: string): Promise<boolean>;
	/** Every key that begins with `prefix`, however many, in the order of their characters. */
	list(prefix: string): Promise<string[]>;
}

/** Ending of files that are being written; none is ever listed. */
export const INCOMPLETE = ".incomplete";

/** Longest key in bytes, which is S3's. */
const MAX_KEY = 1024;

/**
 * Refuses keys that are no path below the storage's root, or that some storage could not hold.
 * @throws {TrainError}
 */
export function checkKey(where: string, key: string): void {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
	const odd = /[\x00-\x1f\x7f\\]/.test(key);
	const parts = key.split("/");
	const bad = parts.some((part) => part === "" || part === "." || part === ".." || part.endsWith(INCOMPLETE));
	if (odd || bad || new TextEncoder().encode(key).length > MAX_KEY) {
		reject(
			where,
			`key ${JSON.stringify(key.slice(0, 100))}, allowed are names joined by "/", up to ${MAX_KEY} bytes, without . and .. and backslashes`,
		);
	}
}

/** Order of keys: by code units, the same on every machine. */
export function compareKeys(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
