import { FLOAT_FORMATS, type FloatFormat } from "./float-formats.js";
import { BLOCK_TYPES, type BlockType, emptyBlock } from "./gguf-blocks.js";

/**
 * Types of GGUF files that can be read as float32: the plain ones, and the block types of ggml. Every product below is exact in double precision, so the only rounding is the
 * store into float32 and the result has one right value, bit for bit.
 */
export const GGUF_FORMATS: ReadonlyMap<string, FloatFormat> = new Map([
	...FLOAT_FORMATS,
	...Object.entries(BLOCK_TYPES).map(([name, type]): [string, FloatFormat] => [
		name,
		{ elements: type.elements, bytes: type.bytes, decode: decoderOf(type) },
	]),
]);

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
