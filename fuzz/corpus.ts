import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";

/** Inputs of a target that are kept in the repository. */
export const corpusFolder = (target: string): string => `fuzz/corpus/${target}`;

/** Where a target's process works. */
export const workFolder = (target: string, part: string): string => `.cache/fuzz/${target}/${part}`;

/** A file of bytes. */
export interface Input {
	readonly name: string;
	readonly bytes: Uint8Array;
}

/** Files of a folder, whole; none where there is no folder. */
export function readInputs(folder: string): Input[] {
	const names = statSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder).sort() : [];
	return names.map((name) => ({ name, bytes: new Uint8Array(readFileSync(`${folder}/${name}`)) }));
}

/** Makes a folder that holds these inputs and nothing else, each named by its content. */
export function writeInputs(folder: string, inputs: Iterable<Uint8Array>): void {
	emptyFolder(folder);
	for (const bytes of inputs) {
		writeFileSync(`${folder}/${createHash("sha1").update(bytes).digest("hex").slice(0, 16)}`, bytes);
	}
}

/** Makes a folder that holds nothing. */
export function emptyFolder(folder: string): void {
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
}
