import { quote, refuse } from "./errors.js";
import { GgufCursor, OutOfBytes } from "./gguf-cursor.js";
import { GGUF_FORMATS } from "./gguf-dequantize.js";
import type { Source } from "./source.js";
import { checkLayout, elementsOf, type TensorEntry } from "./tensor-entry.js";

/**
 * Longest header that is read: 24 MiB, twice that of the largest vocabularies in use (260,000
 * tokens and their merges take about 12).
 */
export const MAX_GGUF_HEADER = 24 * 2 ** 20;
/** Most memory for what is read from it: 48 MiB; those vocabularies take about 40. */
const MAX_PARSED = 48 * 2 ** 20;
/** Memory of a metadata key, of an array's element, of a tensor's entry: all at the high side. */
const KEY = 100;
const ELEMENT = 8;
const ENTRY = 400;
/** ggml's own limit. */
const MAX_AXES = 4;
/** How much of the file is tried first as the header; with vocabularies of up to 50,000 it is enough. */
const FIRST_READ = 2 * 2 ** 20;

/** What a metadata key can hold. Whole numbers beyond 2^53 stay bigint. */
export type GgufScalar = string | number | bigint | boolean;
/** A metadata value: a scalar or a list of them. */
export type GgufValue = GgufScalar | readonly GgufScalar[];

/** What a GGUF file says of itself before its tensors' bytes. */
export interface GgufHeader {
	readonly metadata: Readonly<Record<string, GgufValue>>;
	/** dtype as ggml names it ("Q4_K"); shape outermost axis first, the reverse of what the file lists. */
	readonly entries: ReadonlyMap<string, TensorEntry>;
}

/** ggml's numbers (ggml.h) of the types that can be read. */
const TYPES: ReadonlyMap<number, string> = new Map([
	[0, "F32"],
	[1, "F16"],
	[2, "Q4_0"],
	[3, "Q4_1"],
	[6, "Q5_0"],
	[7, "Q5_1"],
	[8, "Q8_0"],
	[10, "Q2_K"],
	[11, "Q3_K"],
	[12, "Q4_K"],
	[13, "Q5_K"],
	[14, "Q6_K"],
	[28, "F64"],
	[30, "BF16"],
]);

/** One kind of metadata value: the bytes it takes at least, and its reader. */
interface ValueKind {
	readonly least: number;
	read(cursor: GgufCursor, what: string): GgufScalar;
}

/** Kinds by their number in the file (GGUF specification in ggml/docs/gguf.md); 9 is an array of another kind. */
const KINDS: ReadonlyMap<number, ValueKind> = new Map<number, ValueKind>([
	[0, { least: 1, read: (c) => c.u8() }],
	[1, { least: 1, read: (c) => c.i8() }],
	[2, { least: 2, read: (c) => c.u16() }],
	[3, { least: 2, read: (c) => c.i16() }],
	[4, { least: 4, read: (c) => c.u32() }],
	[5, { least: 4, read: (c) => c.i32() }],
	[6, { least: 4, read: (c) => c.f32() }],
	[7, { least: 1, read: readBool }],
	[8, { least: 8, read: (c, what) => c.text(what) }],
	[10, { least: 8, read: (c) => c.u64() }],
	[11, { least: 8, read: (c) => c.i64() }],
	[12, { least: 8, read: (c) => c.f64() }],
]);
const ARRAY = 9;

/**
 * Reads and checks the header of a GGUF file, version 2 or 3, little-endian.
 *
 * `@huggingface/gguf` is not used for it, only to test it: that package takes what lies behind the
 * end of a truncated file for zeros, and cuts a string short that crosses one of its 2 MB reads.
 */
export async function readGgufHeader(source: Source): Promise<GgufHeader> {
	const size = await source.size();
	const limit = Math.min(size, MAX_GGUF_HEADER);
	for (let length = Math.min(limit, FIRST_READ); ; length = limit) {
		const bytes = await source.read(0, length);
		try {
			return parseHeader(new GgufCursor(bytes, limit, MAX_PARSED, source.name), size);
		} catch (error) {
			// the cursor never runs out once it has `limit` bytes: it refuses instead
			if (!(error instanceof OutOfBytes)) throw error;
		}
	}
}

function parseHeader(cursor: GgufCursor, size: number): GgufHeader {
	const { where } = cursor;
	if (cursor.u32() !== 0x46554747) refuse(where, 'a GGUF file begins with "GGUF", this one does not');
	const version = cursor.u32();
	if (version !== 2 && version !== 3) {
		refuse(where, `GGUF version ${version}, allowed 2 and 3 (little-endian)`);
	}
	const tensorCount = cursor.count("tensor count", 24, ENTRY);
	const keyCount = cursor.count("metadata key count", 13, KEY);
	const metadata = readMetadata(cursor, keyCount);

	const alignment = metadata["general.alignment"] ?? 32;
	if (typeof alignment !== "number" || alignment < 8 || alignment > 65_536 || alignment % 8 !== 0) {
		refuse(where, `general.alignment ${String(alignment)}, allowed a multiple of 8 up to 65536`);
	}
	const infos = new Map<string, TensorEntry>();
	for (let i = 0; i < tensorCount; i++) {
		const name = cursor.text(`name of tensor ${i}`);
		if (infos.has(name)) refuse(where, `tensor ${quote(name)} occurs twice`);
		infos.set(name, readTensorInfo(cursor, name));
	}
	const start = Math.ceil(cursor.position / alignment) * alignment;
	const entries = new Map([...infos].map(([name, e]) => [name, { ...e, offset: start + e.offset }]));
	checkLayout(entries, start, size, alignment, where);
	return { metadata, entries };
}

function readMetadata(cursor: GgufCursor, count: number): Record<string, GgufValue> {
	// without a prototype a key such as "__proto__" is a key like any other
	const metadata = Object.create(null) as Record<string, GgufValue>;
	for (let i = 0; i < count; i++) {
		const key = cursor.text(`name of metadata key ${i}`);
		const what = `metadata ${quote(key)}`;
		if (key in metadata) refuse(cursor.where, `${what} occurs twice`);
		const kind = cursor.u32();
		if (kind !== ARRAY) {
			metadata[key] = readScalar(cursor, kindOf(cursor, kind, what), what);
			continue;
		}
		const of = kindOf(cursor, cursor.u32(), what);
		const length = cursor.count(`${what} has array length`, of.least, ELEMENT);
		const values = new Array<GgufScalar>(length);
		for (let j = 0; j < length; j++) values[j] = readScalar(cursor, of, what);
		metadata[key] = values;
	}
	return metadata;
}

function kindOf(cursor: GgufCursor, kind: number, what: string): ValueKind {
	const found = KINDS.get(kind);
	if (found) return found;
	if (kind === ARRAY) refuse(cursor.where, `${what} is an array of arrays, which no known key is`);
	return refuse(cursor.where, `${what} has value type ${kind}, allowed 0..12`);
}

function readScalar(cursor: GgufCursor, kind: ValueKind, what: string): GgufScalar {
	const value = kind.read(cursor, what);
	if (Number.isNaN(value)) refuse(cursor.where, `${what} is NaN`);
	return value;
}

function readBool(cursor: GgufCursor, what: string): boolean {
	const byte = cursor.u8();
	if (byte > 1) refuse(cursor.where, `${what} is a boolean with value ${byte}, allowed 0 and 1`);
	return byte === 1;
}

/** Shape, type and offset, the latter still counted from the start of the tensors' bytes. */
function readTensorInfo(cursor: GgufCursor, name: string): TensorEntry {
	const { where } = cursor;
	const at = `tensor ${quote(name)}`;
	const axes = cursor.u32();
	if (axes > MAX_AXES) refuse(where, `${at} has ${axes} axes, allowed up to ${MAX_AXES}`);
	const shape = Array.from({ length: axes }, () => Number(cursor.u64())).reverse();
	const number = cursor.u32();
	const dtype = TYPES.get(number);
	const format = dtype === undefined ? undefined : GGUF_FORMATS.get(dtype);
	if (dtype === undefined || !format) {
		refuse(
			where,
			`${at} has ggml type ${number}, which is not read; read are ${[...TYPES.values()].join(", ")}`,
		);
	}
	const elements = elementsOf(shape);
	if (elements === undefined) refuse(where, `${at} has the absurd shape [${shape.join(", ")}]`);
	if ((shape.at(-1) ?? 1) % format.elements !== 0) {
		refuse(
			where,
			`${at} ${dtype} has rows of ${shape.at(-1)} elements, allowed multiples of ${format.elements}`,
		);
	}
	const offset = Number(cursor.u64());
	if (!Number.isSafeInteger(offset)) refuse(where, `${at} has the absurd offset ${offset}`);
	return { dtype, shape, offset, length: (elements / format.elements) * format.bytes };
}
