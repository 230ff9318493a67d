import { BLOCK_TYPES, type BlockType, emptyBlock } from "./gguf-blocks.js";

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
 * The block types of ggml as float32. Every product below is exact in double precision, so the only rounding is the
 * store into float32 and the result has one right value, bit for bit.
 */
export const DEQUANTIZERS: readonly (readonly [string, FloatFormat])[] = Object.entries(BLOCK_TYPES).map(
	([name, type]) => [name, { elements: type.elements, bytes: type.bytes, decode: decoderOf(type) }],
);

function decoderOf(type: BlockType): FloatFormat["decode"] {
	const { elements, bytes, size, zero } = type;
	return (source, target) => {
		const block = emptyBlock();
		const { q, scale, offset } = block;
		for (let at = 0, out = 0; out < target.length; at += bytes, out += elements) {
			type.unpack(source, at, block);
			for (let i = 0; i < elements; ) {
				const [step, low] = [scale[i / size] as number, offset[i / size] as number];
				for (const end = i + size; i < end; i++) target[out + i] = step * ((q[i] as number) - zero) + low;
			}
		}
	};
}
