import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../src/tensor/index.js";
import { readSafetensors } from "../src/weights/index.js";

/** A path below test/reference. */
export function referencePath(...parts: string[]): string {
	return fileURLToPath(new URL(["reference", ...parts].join("/"), import.meta.url));
}

/** Every tensor of a reference file. */
export async function referenceTensors(...parts: string[]): Promise<ReadonlyMap<string, Tensor>> {
	return (await readSafetensors(readFileSync(referencePath(...parts)))).tensors;
}

export function referenceJson<T>(...parts: string[]): T {
	return JSON.parse(readFileSync(referencePath(...parts), "utf8")) as T;
}

/** Names of the folders below test/reference. */
export function referenceFolders(...parts: string[]): string[] {
	return readdirSync(referencePath(...parts), { withFileTypes: true })
		.filter((entry) => entry.isDirectory())
		.map((entry) => entry.name);
}
