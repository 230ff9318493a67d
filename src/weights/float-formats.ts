import { halfTable } from "./half.js";

/** How a stored element type becomes float32. */
export interface FloatFormat {
	/** Elements of one block; 1 for plain types. */
	readonly elements: number;
	/** Bytes of one block. */
	readonly bytes: number;
	/** Decodes `target.length / elements` blocks. `source` has exactly their bytes, at any alignment. */
	decode(source: Uint8Array, target: Float32Array): void;
}

/**
 * Types of safetensors and GGUF files that can be read as float32 element by element, by the names the files use; GGUF's
 * blocks are beside them in `GGUF_FORMATS`.
 * Files are little-endian; so is every machine that runs a JavaScript engine today.
 */
export const FLOAT_FORMATS: ReadonlyMap<string, FloatFormat> = new Map<string, FloatFormat>([
	["F32", { elements: 1, bytes: 4, decode: decodeSingle }],
	["F64", { elements: 1, bytes: 8, decode: decodeDouble }],
	["F16", { elements: 1, bytes: 2, decode: decodeHalf }],
	["BF16", { elements: 1, bytes: 2, decode: decodeBfloat }],
]);

function decodeSingle(source: Uint8Array, target: Float32Array): void {
	new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(source);
}

function decodeDouble(source: Uint8Array, target: Float32Array): void {
	target.set(new Float64Array(aligned(source), 0, target.length));
}

function decodeHalf(source: Uint8Array, target: Float32Array): void {
	const halves = new Uint16Array(aligned(source), 0, target.length);
	const values = halfTable();
	for (let i = 0; i < halves.length; i++) target[i] = values[halves[i] as number] as number;
}

/** A bfloat16 is the upper half of a float32. */
function decodeBfloat(source: Uint8Array, target: Float32Array): void {
	const halves = new Uint16Array(aligned(source), 0, target.length);
	const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
	for (let i = 0; i < halves.length; i++) words[i] = (halves[i] as number) << 16;
}

/** The bytes in a buffer of their own that begins with them, as typed arrays need; copies only where it must. */
export function aligned(bytes: Uint8Array): ArrayBuffer {
	if (bytes.byteOffset === 0 && bytes.buffer instanceof ArrayBuffer) return bytes.buffer;
	return new Uint8Array(bytes).buffer;
}
