import { refuse } from "./errors.js";
import type { GgufValue } from "./gguf.js";
import { readSafetensorsHeader } from "./safetensors.js";
import type { Source } from "./source.js";
import type { TensorEntry } from "./tensor-entry.js";

/** The checked header of a weights file of either format. */
export interface TensorFile {
	readonly format: "safetensors" | "gguf";
	readonly metadata: Readonly<Record<string, GgufValue>>;
	readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** Reads the header; the format is told by the file's first bytes, not by its name. */
export async function readTensorFile(source: Source): Promise<TensorFile> {
	const size = await source.size();
	if (size < 8) refuse(source.name, `${size} bytes are too few for a safetensors or GGUF file`);
	const magic = new TextDecoder("latin1").decode(await source.read(0, 4));
	if (magic === "GGUF") {
		// a page that reads no such file does without
		const { readGgufHeader } = await import("./gguf.js");
		return { format: "gguf", ...(await readGgufHeader(source)) };
	}
	return { format: "safetensors", ...(await readSafetensorsHeader(source)) };
}
