import { type DType, Tensor, viewOf } from "../tensor/index.js";
import { quote, refuse } from "./errors.js";
import { aligned, FLOAT_FORMATS } from "./float-formats.js";
import { countNames, decodeUtf8, isRecord, parseJson } from "./json.js";
import { bytesSource, type Source } from "./source.js";
import { checkLayout, elementsOf, MAX_RANK, type TensorEntry } from "./tensor-entry.js";

/**
 * Longest header that is read: 3 MiB. A tensor takes about 120 bytes of it, so this is some 25,000
 * in one file, more than the experts of the largest models in one shard; parsed it takes at most 64 MB.
 */
export const MAX_SAFETENSORS_HEADER = 3 * 2 ** 20;

/** Bytes of one element of each type of the format, whether it is read here or not. */
const ITEM_SIZES: ReadonlyMap<string, number> = new Map(
	Object.entries({
		...{ BOOL: 1, U8: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1 },
		...{ U16: 2, I16: 2, F16: 2, BF16: 2, U32: 4, I32: 4, F32: 4, U64: 8, I64: 8, F64: 8, C64: 8 },
	}),
);

/** Stored types that are a dtype of {@link Tensor} as they are. */
const SAME: ReadonlyMap<string, DType> = new Map<string, DType>([
	["F32", "float32"],
	["F64", "float64"],
	["I32", "int32"],
	["I64", "int64"],
	["BOOL", "bool"],
	["U8", "uint8"],
]);

/** Integer types that fit into int32. */
type SmallIntegers = new (buffer: ArrayBuffer, offset: number, length: number) => ArrayLike<number>;
const SMALL: ReadonlyMap<string, SmallIntegers> = new Map<string, SmallIntegers>([
	["I8", Int8Array],
	["U16", Uint16Array],
	["I16", Int16Array],
]);

/** What a safetensors file says of itself before its tensors' bytes. */
export interface SafetensorsHeader {
	/** The file's own strings; empty when it has none. */
	readonly metadata: Readonly<Record<string, string>>;
	readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** A safetensors file read whole. */
export interface SafetensorsContent {
	readonly tensors: Map<string, Tensor>;
	readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads and checks the header of a safetensors file (huggingface.co/docs/safetensors): 8 bytes of
 * length, that much JSON, then the tensors' bytes, which fill the rest without gap or overlap.
 */
export async function readSafetensorsHeader(source: Source): Promise<SafetensorsHeader> {
	const where = source.name;
	const size = await source.size();
	if (size < 8)
		refuse(where, `a safetensors file begins with 8 bytes of length, this file has ${size} bytes`);
	const prefix = await source.read(0, 8);
	const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
	const allowed = Math.min(MAX_SAFETENSORS_HEADER, size - 8);
	if (length < 2 || length > allowed) {
		refuse(where, `header length ${length}, allowed 2..${allowed} in a safetensors file of ${size} bytes`);
	}
	const text = decodeUtf8(await source.read(8, length), where, "the header");
	const json = parseJson(text, where, "the header");
	if (!isRecord(json)) refuse(where, "the header is not a JSON object");

	let metadata: Record<string, string> = {};
	const entries = new Map<string, TensorEntry>();
	let names = 0;
	for (const name of Object.keys(json)) {
		const value = json[name];
		if (name === "__metadata__") {
			metadata = checkMetadata(value, where);
			names += 1 + Object.keys(metadata).length;
		} else {
			entries.set(name, checkEntry(name, value, 8 + length, where));
			names += 4; // its own, dtype, shape, data_offsets
		}
	}
	if (countNames(text) !== names) refuse(where, "the header has the same name twice");
	checkLayout(entries, 8 + length, size, 1, where);
	const end = [...entries.values()].reduce((last, e) => Math.max(last, e.offset + e.length), 8 + length);
	if (end !== size) refuse(where, `the tensors end at byte ${end}, the file has ${size}`);
	return { metadata, entries };
}

function checkMetadata(value: unknown, where: string): Record<string, string> {
	if (!isRecord(value)) refuse(where, "__metadata__ is not an object of strings");
	for (const [name, text] of Object.entries(value)) {
		if (typeof text !== "string") refuse(where, `__metadata__ ${quote(name)} is not a string`);
	}
	return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown, dataStart: number, where: string): TensorEntry {
	const at = `tensor ${quote(name)}`;
	if (!isRecord(value) || Object.keys(value).length !== 3) {
		refuse(where, `${at} is not described by dtype, shape and data_offsets`);
	}
	const { dtype, shape, data_offsets: offsets } = value;
	const itemSize = typeof dtype === "string" ? ITEM_SIZES.get(dtype) : undefined;
	if (typeof dtype !== "string" || itemSize === undefined) {
		refuse(where, `${at} has dtype ${quote(String(dtype))}, allowed ${[...ITEM_SIZES.keys()].join(", ")}`);
	}
	if (!isNumbers(shape) || shape.length > MAX_RANK) {
		refuse(where, `${at} has a shape that is not a list of at most ${MAX_RANK} whole numbers`);
	}
	const elements = elementsOf(shape);
	if (elements === undefined) refuse(where, `${at} has the absurd shape [${shape.join(", ")}]`);
	const [begin, end] = isNumbers(offsets) && offsets.length === 2 ? offsets : [];
	if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end)) {
		refuse(where, `${at} has data_offsets that are not two whole numbers`);
	}
	const from = begin as number;
	const length = (end as number) - from;
	if (from < 0 || length < 0) {
		refuse(where, `${at} has data_offsets [${from}, ${end}], allowed 0 <= begin <= end`);
	}
	if (length !== elements * itemSize) {
		refuse(
			where,
			`${at} ${dtype} [${shape.join(", ")}] takes ${elements * itemSize} bytes, its data_offsets span ${length}`,
		);
	}
	return { dtype, shape, offset: dataStart + from, length };
}

/** Reads one tensor in the dtype that holds its stored values; F16 and BF16 become float32, I8, I16 and U16 int32. */
export async function readSafetensorsEntry(
	source: Source,
	name: string,
	entry: TensorEntry,
): Promise<Tensor> {
	const { dtype, shape } = entry;
	const count = elementsOf(shape) ?? 0;
	const same = SAME.get(dtype);
	const small = SMALL.get(dtype);
	const float = FLOAT_FORMATS.get(dtype);
	if (!same && !small && !float) {
		refuse(
			source.name,
			`tensor ${quote(name)} is ${dtype}; read are F16, BF16, ${[...SAME.keys(), ...SMALL.keys()].join(", ")}`,
		);
	}
	const bytes = await source.read(entry.offset, entry.length);
	if (same) return new Tensor(same, shape, viewOf(same, aligned(bytes), 0, count));
	if (small) return new Tensor("int32", shape, Int32Array.from(new small(aligned(bytes), 0, count)));
	const data = new Float32Array(count);
	float?.decode(bytes, data);
	return new Tensor("float32", shape, data);
}

/** All tensors of a safetensors file that is in memory, by name. */
export async function readSafetensors(bytes: Uint8Array, name = "safetensors"): Promise<SafetensorsContent> {
	const source = bytesSource(bytes, name);
	const { entries, metadata } = await readSafetensorsHeader(source);
	const tensors = new Map<string, Tensor>();
	for (const [key, entry] of entries) tensors.set(key, await readSafetensorsEntry(source, key, entry));
	return { tensors, metadata };
}

function isNumbers(value: unknown): value is number[] {
	return Array.isArray(value) && value.every((x) => typeof x === "number");
}
