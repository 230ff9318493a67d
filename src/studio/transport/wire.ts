import { decode, Encoder, ExtensionCodec } from "@msgpack/msgpack";
import { withGaps, withoutGaps } from "./gaps.js";

/** Typed arrays by the number of their MessagePack extension, from 1. */
const ARRAYS = [undefined, Float32Array, Int32Array, Float64Array, Uint8Array, BigInt64Array] as const;

const codec = new ExtensionCodec();
// asked first, since its number is the lowest
codec.register({
	type: 0,
	encode: (value) => (value instanceof Float32Array && withoutGaps(value)) || null,
	decode: withGaps,
});
for (const [type, Kind] of ARRAYS.entries()) {
	if (!Kind) continue;
	codec.register({
		type,
		encode: (value) =>
			value instanceof Kind ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null,
		// a copy: the numbers of a message need not lie where an array of them may begin
		decode: (bytes) => new Kind(bytes.slice().buffer as ArrayBuffer),
	});
}

/** Larger messages are rare: what they were written in is not kept. */
const MOST_KEPT = 2 ** 24;

const newEncoder = (): Encoder => new Encoder({ extensionCodec: codec, ignoreUndefined: true });
// what it writes in grows by and by, and would be thrown away each time
let encoder = newEncoder();

/** A message as bytes: plain data and typed arrays. Numbers keep every bit; both ends are little-endian. */
export function toBytes(message: unknown): Uint8Array<ArrayBuffer> {
	const bytes = encoder.encode(message);
	if (bytes.length > MOST_KEPT) encoder = newEncoder();
	return bytes;
}

/** @throws {Error} for bytes that are no message */
export function fromBytes(bytes: Uint8Array): unknown {
	return decode(bytes, { extensionCodec: codec });
}
