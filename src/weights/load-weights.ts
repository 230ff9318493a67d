import { type BlockForm, Tensor } from "../tensor/index.js";
import { quote, refuse, WeightsError } from "./errors.js";
import { FLOAT_FORMATS, type FloatFormat } from "./float-formats.js";
import { openSource } from "./open-source.js";
import type { Source } from "./source.js";
import type { TensorEntry } from "./tensor-entry.js";
import { readTensorFile } from "./tensor-file.js";
import { placerOf, rowPlacerOf, shapeAfter } from "./transform.js";
import { type OnProgress, progressMeter, type TensorSpec, type WeightsSpec } from "./weights-spec.js";

/** Bytes read from a file at a time: a load needs a few times this beside the float32 weights. */
const CHUNK = 4 * 2 ** 20;

/** How weights are read. */
export interface LoadOptions {
	readonly onProgress?: OnProgress;
	/** Stops the load between two chunks. */
	readonly signal?: AbortSignal;
	/** Serves `{ url }` files; default: the global one. */
	readonly fetch?: typeof fetch;
}

/**
 * Loads the tensors of `spec` as float32, each read in chunks straight into its final array, so
 * that peak memory is the float32 weights and little more.
 *
 * A missing entry, another shape, a type that is not a float type, and values that are NaN or
 * infinite are errors that name the tensor: one such value makes every output NaN.
 */
export async function loadWeights(
	spec: WeightsSpec,
	options: LoadOptions = {},
): Promise<Map<string, Tensor<"float32">>> {
	const tensors = spec.tensors.map(({ blocks: _, ...tensor }) => tensor);
	return (await loadHeld({ ...spec, tensors }, options)) as Map<string, Tensor<"float32">>;
}

/**
 * As {@link loadWeights}, but with the tensors that are to be held as blocks in parts, under the names of `partTypes`.
 */
export async function loadHeld(spec: WeightsSpec, options: LoadOptions = {}): Promise<Map<string, Tensor>> {
	const sources = spec.files.map((ref) => openSource(ref, options));
	try {
		const jobs = await plan(spec, sources, options);
		const total = jobs.reduce((sum, job) => sum + job.entry.length, 0);
		const report = progressMeter("load", total, options.onProgress);
		// in the order of the spec, filled in the order of the files
		const loaded = new Map<string, ReadonlyMap<string, Tensor>>();
		for (const { name } of spec.tensors) loaded.set(name, NOTHING);
		for (const job of jobs) {
			const load = job.spec.blocks ? loadBlocks : loadTensor;
			loaded.set(job.spec.name, await load(job, report, options.signal));
		}
		return new Map([...loaded.values()].flatMap((tensors) => [...tensors]));
	} finally {
		await Promise.all(sources.map((source) => source.close?.()));
	}
}

const NOTHING: ReadonlyMap<string, Tensor> = new Map();

interface Job {
	readonly spec: TensorSpec;
	readonly source: Source;
	readonly entry: TensorEntry;
	readonly format: FloatFormat;
}

/** Checks everything that the headers tell before the first weight is allocated. */
async function plan(spec: WeightsSpec, sources: readonly Source[], options: LoadOptions): Promise<Job[]> {
	const jobs: Job[] = [];
	const names = new Set(spec.tensors.map((t) => t.name));
	if (names.size !== spec.tensors.length) throw new WeightsError("internal: a tensor is specified twice");
	for (const [file, source] of sources.entries()) {
		const wanted = spec.tensors.filter((tensor) => tensor.file === file);
		if (wanted.length === 0) continue;
		options.signal?.throwIfAborted();
		const { entries } = await readTensorFile(source);
		const formats = await formatsOf(wanted.map(({ entry }) => entries.get(entry)));
		const ofFile = wanted.map((tensor) => jobOf(tensor, source, entries, formats));
		jobs.push(...ofFile.sort((a, b) => a.entry.offset - b.entry.offset));
	}
	if (jobs.length !== spec.tensors.length) throw new WeightsError("internal: a tensor's file is not listed");
	return jobs;
}

/** Formats by their names; those of blocks are fetched where there are such. */
async function formatsOf(entries: readonly (TensorEntry | undefined)[]): Promise<typeof FLOAT_FORMATS> {
	const arePlain = entries.every((entry) => !entry || FLOAT_FORMATS.has(entry.dtype));
	return arePlain ? FLOAT_FORMATS : (await import("./gguf-dequantize.js")).GGUF_FORMATS;
}

function jobOf(
	spec: TensorSpec,
	source: Source,
	entries: ReadonlyMap<string, TensorEntry>,
	formats: typeof FLOAT_FORMATS,
): Job {
	const entry = entries.get(spec.entry);
	if (!entry) refuse(source.name, `has no tensor ${quote(spec.entry)}`);
	const at = `tensor ${quote(spec.entry)}`;
	const format = formats.get(entry.dtype);
	if (!format) {
		const allowed = [...formats.keys()].join(", ");
		refuse(source.name, `${at} has type ${entry.dtype}, weights can be ${allowed}`);
	}
	const shape = shapeAfter(spec.transform, entry.shape);
	if (shape.join() !== spec.shape.join()) {
		refuse(source.name, `${at} has shape [${shape.join(", ")}], the model needs [${spec.shape.join(", ")}]`);
	}
	return { spec, source, entry, format };
}

type Load = (
	job: Job,
	report: (what: string, bytes: number) => void,
	signal: AbortSignal | undefined,
) => Promise<ReadonlyMap<string, Tensor>>;

const loadTensor: Load = async (job, report, signal) => {
	const { spec, source, entry, format } = job;
	const data = new Float32Array((entry.length / format.bytes) * format.elements);
	const place = placerOf(spec.transform, entry.shape, data);
	// whole rows for a transform, whole blocks in any case; a row is a whole number of blocks
	const row = place && entry.shape.length > 1 ? data.length / (entry.shape[0] as number) : format.elements;
	await readChunks(job, row, report, signal, (bytes, at, count) => {
		const target = place ? new Float32Array(count) : data.subarray(at, at + count);
		format.decode(bytes, target);
		checkFinite(target, at, spec.entry, source.name);
		place?.(target, at);
	});
	return new Map([[spec.name, new Tensor("float32", spec.shape, data)]]);
};

const loadBlocks: Load = async (job, report, signal) => {
	const { spec, source, entry } = job;
	const [rows, columns] = entry.shape as [number, number];
	const { blockMatrix } = await import("./hold-blocks.js");
	const matrix = blockMatrix(spec, spec.blocks as BlockForm, entry.dtype);
	const placeOf = rowPlacerOf(spec.transform, rows);
	await readChunks(job, columns, report, signal, (bytes, at) => matrix.write(bytes, at / columns, placeOf));
	for (const { dtype, data } of matrix.tensors.values()) {
		if (dtype === "float32") checkFinite(data as Float32Array, 0, spec.entry, source.name, "block");
	}
	return matrix.tensors;
};

/** Reads a tensor in pieces of whole `row` elements; `take` is given a piece's bytes, first element and length. */
async function readChunks(
	{ spec, source, entry, format }: Job,
	row: number,
	report: (what: string, bytes: number) => void,
	signal: AbortSignal | undefined,
	take: (bytes: Uint8Array, at: number, count: number) => void,
): Promise<void> {
	const size = (entry.length / format.bytes) * format.elements;
	const elementsPerChunk = (CHUNK / format.bytes) * format.elements;
	const step = Math.max(1, Math.floor(elementsPerChunk / row)) * row;
	for (let at = 0; at < size; at += step) {
		signal?.throwIfAborted();
		const count = Math.min(step, size - at);
		const from = (at / format.elements) * format.bytes;
		const bytes = await source.read(entry.offset + from, (count / format.elements) * format.bytes);
		take(bytes, at, count);
		report(spec.entry, bytes.length);
	}
}

function checkFinite(
	values: Float32Array,
	at: number,
	name: string,
	where: string,
	of: "element" | "block" = "element",
): void {
	// x - x is 0 for every finite x and NaN for the others
	let sum = 0;
	for (let i = 0; i < values.length; i++) sum += (values[i] as number) - (values[i] as number);
	if (sum === 0) return;
	const bad = values.findIndex((x) => !Number.isFinite(x));
	refuse(
		where,
		`tensor ${quote(name)} has the value ${values[bad]} at ${of} ${at + bad}, allowed finite numbers`,
	);
}
