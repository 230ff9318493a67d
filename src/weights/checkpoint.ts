import { quote, refuse } from "./errors.js";
import type { GgufValue } from "./gguf.js";
import { isRecord, readJson } from "./json.js";
import { type FileRef, nameOf, withSource } from "./open-source.js";
import { readTensorFile, type TensorFile } from "./tensor-file.js";

/**
 * A model's files with their headers read: plain data that says what is there. `src/models` turns
 * it into an architecture and a {@link WeightsSpec}.
 */
export interface Checkpoint {
	readonly format: "folder" | "gguf";
	/** Where it came from, as the user wrote it. */
	readonly origin: string;
	/** Parsed config.json (folder). */
	readonly config?: unknown;
	/** Parsed generation_config.json, where there is one (folder). */
	readonly generationConfig?: unknown;
	/** Parsed tokenizer.json, where there is one (folder). */
	readonly tokenizer?: unknown;
	/** Parsed tokenizer_config.json, where there is one (folder). */
	readonly tokenizerConfig?: unknown;
	/** All metadata of the file (gguf), tokenizer included. */
	readonly gguf?: { readonly metadata: Readonly<Record<string, GgufValue>> };
	/** The files that hold tensors. */
	readonly files: readonly FileRef[];
	/** Every tensor of every file; shapes outermost axis first in both formats. */
	readonly entries: ReadonlyMap<string, CheckpointEntry>;
}

/** A tensor of a checkpoint: where it is, and what its file says of it. */
export interface CheckpointEntry {
	/** Index into `files`. */
	readonly file: number;
	/** As the file calls it: "F32", "BF16", "Q4_K", ... */
	readonly dtype: string;
	readonly shape: readonly number[];
}

/** Finds a file of a folder by its relative name; undefined when there is none. */
export type FindFile = (name: string) => Promise<FileRef | undefined>;

interface ReadOptions {
	readonly fetch?: typeof fetch;
	/** Take the weights of a training step, `checkpoints/<step>.safetensors`, instead of the final ones. */
	readonly step?: number | undefined;
}

/** In front of an optimizer's vectors in a training checkpoint, which are no weights. */
const OPTIMIZER = "optimizer.";

/** JSON files beside the weights, by the checkpoint's field. */
const JSON_FILES = {
	generationConfig: "generation_config.json",
	tokenizer: "tokenizer.json",
	tokenizerConfig: "tokenizer_config.json",
} as const;

export const CONFIG_FILES: readonly string[] = ["config.json", ...Object.values(JSON_FILES)];
export const SINGLE_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";

/** Reads a Hugging Face folder; `find` says what it contains. */
export async function readFolder(
	origin: string,
	find: FindFile,
	options: ReadOptions = {},
): Promise<Checkpoint> {
	const configRef = await find("config.json");
	if (!configRef) refuse(origin, "has no config.json; a model folder needs it beside the weights");
	const config = await readJson(configRef, options);
	if (!isRecord(config)) refuse(nameOf(configRef), "is not a JSON object");
	// at once: over a network each waits for its own answer. Of several faults the first in this order is told
	const weights = readWeightFiles(origin, find, options);
	weights.catch(() => {});
	const others = await Promise.all(
		Object.entries(JSON_FILES).map(async ([field, name]) => {
			const ref = await find(name);
			return ref ? { [field]: await readJson(ref, options) } : {};
		}),
	);
	const { files, entries } = await weights;
	return { format: "folder", origin, config, ...Object.assign({}, ...others), files, entries };
}

/** Reads a GGUF file. */
export async function readGguf(origin: string, ref: FileRef, options: ReadOptions = {}): Promise<Checkpoint> {
	const file = await withSource(ref, options, readTensorFile);
	if (file.format !== "gguf") refuse(nameOf(ref), "is not a GGUF file; a safetensors file needs its folder");
	const entries = new Map<string, CheckpointEntry>();
	addEntries(entries, file, 0, origin);
	return { format: "gguf", origin, gguf: { metadata: file.metadata }, files: [ref], entries };
}

/**
 * A checkpoint from files that were dropped on a page or listed by hand: one .gguf, or the files of
 * a Hugging Face folder. Folders in front of the names are ignored.
 */
export async function openCheckpointFiles(
	files: readonly { readonly name: string; readonly source: FileRef }[],
	options: ReadOptions = {},
): Promise<Checkpoint> {
	const byName = new Map<string, FileRef>();
	for (const { name, source } of files) {
		const last = name.split(/[/\\]/).at(-1) ?? name;
		if (byName.has(last)) refuse(name, `two files are called ${quote(last)}; give those of one model`);
		byName.set(last, source);
	}
	const ggufs = [...byName].filter(([name]) => name.endsWith(".gguf"));
	const [first] = ggufs;
	if (!first) return readFolder(files[0]?.name ?? "no files", async (name) => byName.get(name), options);
	if (ggufs.length > 1) refuse(first[0], `${ggufs.length} GGUF files; give one model at a time`);
	return readGguf(first[0], first[1], options);
}

/** The tensors' files of a folder: model.safetensors, or the shards that the index names. */
async function readWeightFiles(
	origin: string,
	find: FindFile,
	options: ReadOptions,
): Promise<Pick<Checkpoint, "files" | "entries">> {
	if (options.step !== undefined) return readStep(origin, find, options.step, options);
	const single = await find(SINGLE_FILE);
	const indexRef = single ? undefined : await find(INDEX_FILE);
	if (!single && !indexRef) {
		refuse(
			origin,
			`has neither ${SINGLE_FILE} nor ${INDEX_FILE}; other formats (pytorch_model.bin) are not read`,
		);
	}
	const map = indexRef ? readWeightMap(await readJson(indexRef, options), nameOf(indexRef)) : undefined;
	const names = map ? [...new Set(map.values())] : [SINGLE_FILE];
	const files: FileRef[] = [];
	const entries = new Map<string, CheckpointEntry>();
	for (const [i, name] of names.entries()) {
		const ref = await find(name);
		if (!ref) refuse(origin, `the shard ${quote(name)} is missing; ${INDEX_FILE} names it`);
		files.push(ref);
		const file = await withSource(ref, options, readTensorFile);
		if (file.format !== "safetensors") refuse(nameOf(ref), "is not a safetensors file");
		addEntries(entries, file, i, nameOf(ref));
	}
	for (const [tensor, shard] of map ?? []) {
		const found = entries.get(tensor);
		if (found && names[found.file] === shard) continue;
		refuse(origin, `${INDEX_FILE} puts tensor ${quote(tensor)} into ${quote(shard)}, which does not have it`);
	}
	return { files, entries };
}

/** The weights that a training run had after a step. */
async function readStep(
	origin: string,
	find: FindFile,
	step: number,
	options: ReadOptions,
): Promise<Pick<Checkpoint, "files" | "entries">> {
	const name = `checkpoints/${step}.safetensors`;
	const ref = await find(name);
	if (!ref) refuse(origin, `has no checkpoint of step ${step}: ${name} is missing`);
	const file = await withSource(ref, options, readTensorFile);
	if (file.format !== "safetensors") refuse(nameOf(ref), "is not a safetensors file");
	const entries = new Map<string, CheckpointEntry>();
	addEntries(entries, file, 0, nameOf(ref));
	for (const tensor of [...entries.keys()]) if (tensor.startsWith(OPTIMIZER)) entries.delete(tensor);
	return { files: [ref], entries };
}

/** The weight_map of an index: tensor to shard, every shard a name inside the folder. */
export function readWeightMap(index: unknown, where: string): Map<string, string> {
	const map = isRecord(index) ? index.weight_map : undefined;
	if (!isRecord(map)) refuse(where, "has no weight_map from tensors to shards");
	const out = new Map<string, string>();
	for (const [tensor, shard] of Object.entries(map)) {
		if (typeof shard !== "string") refuse(where, `weight_map ${quote(tensor)} is not a file name`);
		if (!staysInside(shard)) {
			refuse(where, `the shard path ${quote(shard)} leaves the folder; allowed are names inside it`);
		}
		out.set(tensor, shard);
	}
	return out;
}

/** Whether a relative name stays in its folder on every system: no "..", no drive, no backslash, no NUL. */
function staysInside(name: string): boolean {
	const parts = name.split("/");
	return !/[\\:\0]/.test(name) && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

function addEntries(
	entries: Map<string, CheckpointEntry>,
	file: TensorFile,
	index: number,
	where: string,
): void {
	for (const [name, { dtype, shape }] of file.entries) {
		if (entries.has(name)) refuse(where, `tensor ${quote(name)} is in another shard too`);
		entries.set(name, { file: index, dtype, shape });
	}
}
