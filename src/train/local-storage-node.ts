import { randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { messageOf } from "../weights/errors.js";
import { reject } from "./errors.js";
import { checkKey, compareKeys, INCOMPLETE, type Storage } from "./storage.js";

/** A folder of this machine (Node); it is made when first written to. */
export class LocalStorage implements Storage {
	readonly name: string;

	constructor(root: string) {
		this.name = root;
	}

	async put(key: string, bytes: Uint8Array): Promise<void> {
		await this.write(key, bytes, (temporary, path) => rename(temporary, path));
	}

	async putNew(key: string, bytes: Uint8Array): Promise<boolean> {
		return this.write(key, bytes, async (temporary, path) => {
			try {
				// unlike a rename, a second name for a file is refused where the name is taken
				await link(temporary, path);
				return true;
			} catch (error) {
				if (codeOf(error) === "EEXIST") return false;
				throw error;
			} finally {
				await unlink(temporary);
			}
		});
	}

	async get(key: string): Promise<Uint8Array | undefined> {
		const path = this.path(key);
		try {
			return new Uint8Array(await readFile(path));
		} catch (error) {
			if (isMissing(error)) return undefined;
			return reject(path, `cannot be read: ${messageOf(error)}`, error);
		}
	}

	/** Whether there is such a file; a folder is none. */
	async exists(key: string): Promise<boolean> {
		const path = this.path(key);
		try {
			return (await stat(path)).isFile();
		} catch (error) {
			if (isMissing(error)) return false;
			return reject(path, `cannot be read: ${messageOf(error)}`, error);
		}
	}

	async list(prefix: string): Promise<string[]> {
		const keys: string[] = [];
		// only the folder that the prefix names can hold such keys
		const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
		if (folder !== "") checkKey(this.name, folder.slice(0, -1));
		const walk = async (at: string): Promise<void> => {
			for (const entry of await this.entries(at)) {
				const key = at + entry.name;
				if (entry.isDirectory()) {
					// a folder may lie beside the prefix or on the way to it
					if (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`)) await walk(`${key}/`);
				} else if (key.startsWith(prefix) && !key.endsWith(INCOMPLETE)) keys.push(key);
			}
		};
		await walk(folder);
		return keys.sort(compareKeys);
	}

	private async entries(folder: string): Promise<{ name: string; isDirectory(): boolean }[]> {
		const path = join(this.name, folder);
		try {
			return await readdir(path, { withFileTypes: true });
		} catch (error) {
			if (isMissing(error)) return [];
			return reject(path, `cannot be listed: ${messageOf(error)}`, error);
		}
	}

	private path(key: string): string {
		checkKey(this.name, key);
		return join(this.name, key);
	}

	/** Writes a file beside its place and has `publish` give it its name; on failure nothing is left. */
	private async write<T>(
		key: string,
		bytes: Uint8Array,
		publish: (temporary: string, path: string) => Promise<T>,
	): Promise<T> {
		const path = this.path(key);
		const temporary = join(
			dirname(path),
			`.${basename(path)}.${randomBytes(6).toString("hex")}${INCOMPLETE}`,
		);
		try {
			await mkdir(dirname(path), { recursive: true });
			const file = await open(temporary, "wx");
			try {
				await file.writeFile(bytes);
				// before the name: after a power cut the name must not stand for an empty file
				await file.sync();
			} finally {
				await file.close();
			}
			return await publish(temporary, path);
		} catch (error) {
			await unlink(temporary).catch(() => {});
			return reject(path, `cannot be written: ${messageOf(error)}`, error);
		}
	}
}

function codeOf(error: unknown): unknown {
	return error instanceof Error && "code" in error ? error.code : undefined;
}

/** A name that is not there, one below something that is a file, or a folder. */
function isMissing(error: unknown): boolean {
	return ["ENOENT", "ENOTDIR", "EISDIR"].includes(String(codeOf(error)));
}
