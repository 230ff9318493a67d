import { Tensor } from "../tensor/index.js";
import { quote, refuse, WeightsError } from "./errors.js";
import { FLOAT_FORMATS } from "./float-formats.js";
import type { FloatFormat } from "./gguf-dequantize.js";
import { openSource } from "./open-source.js";
import type { Source } from "./source.js";
import type { TensorEntry } from "./tensor-entry.js";
import { readTensorFile } from "./tensor-file.js";
import { placerOf, shapeAfter } from "./transform.js";
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
	const sources = spec.files.map((ref) => openSource(ref, options));
	try {
		const jobs = await plan(spec, sources, options);
		const total = jobs.reduce((sum, job) => sum + job.entry.length, 0);
		const report = progressMeter("load", total, options.onProgress);
		// in the order of the spec, filled in the order of the files
		const weights = new Map<string, Tensor<"float32">>();
		for (const { name } of spec.tensors) weights.set(name, EMPTY);
		for (const job of jobs) weights.set(job.spec.name, await loadTensor(job, report, options.signal));
		return weights;
	} finally {
		await Promise.all(sources.map((source) => source.close?.()));
	}
}

const EMPTY = Tensor.zeros([0]);

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
		const ofFile = wanted.map((tensor) => jobOf(tensor, source, entries));
		jobs.push(...ofFile.sort((a, b) => a.entry.offset - b.entry.offset));
	}
	if (jobs.length !== spec.tensors.length) throw new WeightsError("internal: a tensor's file is not listed");
	return jobs;
}

function jobOf(spec: TensorSpec, source: Source, entries: ReadonlyMap<string, TensorEntry>): Job {
	const entry = entries.get(spec.entry);
	if (!entry) refuse(source.name, `has no tensor ${quote(spec.entry)}`);
	const at = `tensor ${quote(spec.entry)}`;
	const format = FLOAT_FORMATS.get(entry.dtype);
	if (!format) {
		const allowed = [...FLOAT_FORMATS.keys()].join(", ");
		refuse(source.name, `${at} has type ${entry.dtype}, weights can be ${allowed}`);
	}
	const shape = shapeAfter(spec.transform, entry.shape);
	if (shape.join() !== spec.shape.join()) {
		refuse(source.name, `${at} has shape [${shape.join(", ")}], the model needs [${spec.shape.join(", ")}]`);
	}
	return { spec, source, entry, format };
}

async function loadTensor(
	{ spec, source, entry, format }: Job,
	report: (what: string, bytes: number) => void,
	signal: AbortSignal | undefined,
): Promise<Tensor<"float32">> {
	const size = (entry.length / format.bytes) * format.elements;
	const data = new Float32Array(size);
	const place = placerOf(spec.transform, entry.shape, data);
	// whole rows for a transform, whole blocks in any case; a row is a whole number of blocks
	const row = place && entry.shape.length > 1 ? size / (entry.shape[0] as number) : format.elements;
	const elementsPerChunk = (CHUNK / format.bytes) * format.elements;
	const step = Math.max(1, Math.floor(elementsPerChunk / row)) * row;
	for (let at = 0; at < size; at += step) {
		signal?.throwIfAborted();
		const count = Math.min(step, size - at);
		const from = (at / format.elements) * format.bytes;
		const bytes = await source.read(entry.offset + from, (count / format.elements) * format.bytes);
		const target = place ? new Float32Array(count) : data.subarray(at, at + count);
		format.decode(bytes, target);
		checkFinite(target, at, spec.entry, source.name);
		place?.(target, at);
		report(spec.entry, bytes.length);
	}
	return new Tensor("float32", spec.shape, data);
}

function checkFinite(values: Float32Array, at: number, name: string, where: string): void {
	// x - x is 0 for every finite x and NaN for the others
	let sum = 0;
	for (let i = 0; i < values.length; i++) sum += (values[i] as number) - (values[i] as number);
	if (sum === 0) return;
	const bad = values.findIndex((x) => !Number.isFinite(x));
	refuse(
		where,
		`tensor ${quote(name)} has the value ${values[bad]} at element ${at + bad}, allowed finite numbers`,
	);
}
