import { open } from "node:fs/promises";
import { UsageError } from "../errors.js";

/** Longest text or JSON that is read: 64 MiB. */
const LONGEST_TEXT = 64 * 2 ** 20;

/**
 * A file given on the command line, as text.
 * @throws {UsageError} for a file that cannot be read, is too long or is not UTF-8.
 */
export async function readTextFile(path: string): Promise<string> {
	const bytes = await readBytes(path);
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch {
		throw new UsageError(`${path}: is not UTF-8 text`);
	}
}

/** A JSON file given on the command line. @throws {UsageError} */
export async function readJsonFile(path: string): Promise<unknown> {
	const text = await readTextFile(path);
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new UsageError(`${path}: is not JSON: ${(error as Error).message}`);
	}
}

/** A file given on the command line. @throws {UsageError} for a file that cannot be read or is too long. */
export async function readBytes(path: string): Promise<Uint8Array> {
	try {
		await using file = await open(path);
		const { size } = await file.stat();
		if (size > LONGEST_TEXT) {
			throw new UsageError(`${path}: has ${size} bytes, allowed up to ${LONGEST_TEXT}`);
		}
		return await file.readFile();
	} catch (error) {
		if (error instanceof UsageError) throw error;
		throw new UsageError(`${path}: cannot be read: ${reasonOf(error)}`);
	}
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file",
	EISDIR: "it is a folder",
	EEXIST: "a part of the path is a file",
	ENOTDIR: "a part of the path is a file",
	EACCES: "permission denied",
	EPERM: "permission denied",
	EROFS: "the file system is read-only",
	ENOSPC: "no space is left",
};

/** Why the file system refused, in words. */
export function reasonOf(error: unknown): string {
	const { code, message } = error as NodeJS.ErrnoException;
	return (code && REASONS[code]) ?? message;
}
