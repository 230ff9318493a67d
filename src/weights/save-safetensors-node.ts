import { randomBytes } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Tensor } from "../tensor/index.js";
import { messageOf, refuse } from "./errors.js";
import { safetensorsParts } from "./write-safetensors.js";

/**
 * Writes a safetensors file (Node), one tensor at a time: no second copy is held in memory, and
 * `path` appears whole or not at all.
 */
export async function saveSafetensors(
	path: string,
	tensors: ReadonlyMap<string, Tensor>,
	metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
	const parts = safetensorsParts(tensors, metadata);
	await writeWhole(path, async (write) => {
		await write(parts.header);
		for (const bytes of parts.tensors) await write(bytes);
	});
}

/** Writes a file beside `path` and renames it onto `path` when `fill` is through; on failure nothing is left. */
export async function writeWhole(
	path: string,
	fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
	const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.incomplete`);
	try {
		const file = await open(temporary, "wx");
		try {
			await fill((bytes) => file.writeFile(bytes));
		} finally {
			await file.close();
		}
		await rename(temporary, path);
	} catch (error) {
		await unlink(temporary).catch(() => {});
		// the system's errors have a code that is a word; what `fill` itself throws keeps its own words
		if (error instanceof Error && "code" in error && typeof error.code === "string")
			refuse(path, `cannot be written: ${messageOf(error)}`, error);
		throw error;
	}
}
