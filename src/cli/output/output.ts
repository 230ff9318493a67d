import { randomBytes } from "node:crypto";
import { mkdir, open, stat, unlink } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { writeWhole } from "../../weights/save-safetensors-node.js";
import { UsageError } from "../errors.js";
import { reasonOf } from "../input/read-file.js";

/** A file that a command was asked for cannot be written. */
export class OutputError extends Error {
	override readonly name = "OutputError";
}

/**
 * Checks that a file can be written at `path`, before the work whose result goes there. Folders above it
 * are made. A trial file is written, since permissions alone do not tell (a full or read-only disk).
 * @throws {UsageError} for an ending that is not among `endings`, {OutputError} for what the disk refuses.
 */
export async function prepareOutput(path: string, endings: readonly string[]): Promise<void> {
	const ending = extname(path).toLowerCase();
	if (!endings.includes(ending)) {
		throw new UsageError(`--out ${path}: the ending says the format; allowed ${endings.join(", ")}`);
	}
	const existing = await stat(path).catch(() => undefined);
	if (existing?.isDirectory() || path.endsWith("/"))
		throw new OutputError(`${path}: cannot be written: it is a folder`);
	await prepareFolder(dirname(path), path);
}

/** As `prepareOutput`, for a folder that several files go to. */
export async function prepareFolder(folder: string, where: string = folder): Promise<void> {
	try {
		await makeFolder(folder);
		const trial = join(folder, `.headscope.${randomBytes(6).toString("hex")}.incomplete`);
		await (await open(trial, "wx")).close();
		await unlink(trial);
	} catch (error) {
		const none = (error as NodeJS.ErrnoException).code === "ENOENT";
		const reason = none ? `no folder can be made at ${folder}` : reasonOf(error);
		throw new OutputError(`${where}: cannot be written: ${reason}`, { cause: error });
	}
}

/** Makes a folder and those above it. Node's own `recursive` never returns where a virtual file system refuses. */
async function makeFolder(folder: string): Promise<void> {
	const existing = await stat(folder).catch((error: NodeJS.ErrnoException) => {
		if (error.code !== "ENOENT") throw error;
		return undefined;
	});
	if (existing?.isDirectory()) return;
	if (dirname(folder) !== folder) await makeFolder(dirname(folder));
	await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
		// another process may have been quicker
		const made = await stat(folder).catch(() => undefined);
		if (!made?.isDirectory()) throw error;
	});
}

/** Between two checks for Ctrl-C: 1 MiB. */
const CHUNK = 2 ** 20;

/** Writes a file whole or not at all. */
export async function writeOutput(
	path: string,
	content: string | Uint8Array | readonly Uint8Array[],
	signal: AbortSignal,
): Promise<void> {
	const parts =
		typeof content === "string"
			? [new TextEncoder().encode(content)]
			: content instanceof Uint8Array
				? [content]
				: content;
	await writeWhole(path, async (write) => {
		for (const part of parts) {
			for (let at = 0; at < part.length; at += CHUNK) {
				signal.throwIfAborted();
				await write(part.subarray(at, at + CHUNK));
			}
		}
	});
}
