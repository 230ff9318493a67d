import { type BlockForm, partTypes, Tensor } from "../tensor/index.js";
import { BLOCK_TYPES, type Block, type BlockType, emptyBlock } from "./gguf-blocks.js";
import type { TensorSpec } from "./weights-spec.js";

/**
 * How the tensors of a block type are held as blocks: what fits into 4 bits in 4, all else in 8. Undefined for other types.
 * q is moved so that 8 of 4 bits, or 128 of 8, is the zero, which is the runtime's own; where 4 bits have no room
 * for that it stays.
 */
export function blockFormOf(dtype: string): BlockForm | undefined {
	const type = BLOCK_TYPES[dtype];
	if (!type) return undefined;
	const { size, offsets } = type;
	const bits = type.bits <= 4 ? 4 : 8;
	const centre = 2 ** (bits - 1);
	const fits = centre - type.zero + 2 ** type.bits <= 2 ** bits;
	return { bits, size, zero: fits ? centre : type.zero, offsets };
}

/** A matrix that is filled with blocks row by row. */
export interface BlockMatrix {
	/** By the names of `partTypes`. */
	readonly tensors: ReadonlyMap<string, Tensor>;
	/** Takes the stored rows in `bytes` apart and puts row i where `placeOf(first + i)` says. */
	write(bytes: Uint8Array, first: number, placeOf: (row: number) => number): void;
}

/** Room for the matrix that `spec` describes, stored as `dtype`. */
export function blockMatrix(spec: TensorSpec, form: BlockForm, dtype: string): BlockMatrix {
	const type = BLOCK_TYPES[dtype] as BlockType;
	const columns = spec.shape[1] as number;
	const { quants, scales, offsets } = partTypes(spec.name, form, spec.shape);
	const packed = Tensor.zeros(quants.shape, "uint8");
	const steps = Tensor.zeros(scales.shape);
	const lows = Tensor.zeros(offsets?.shape ?? [0]);
	const tensors = new Map<string, Tensor>([
		[quants.name, packed],
		[scales.name, steps],
	]);
	if (offsets) tensors.set(offsets.name, lows);
	const rowBytes = (columns / type.elements) * type.bytes;
	const shift = form.zero - type.zero;
	const block = emptyBlock();
	return {
		tensors,
		write(bytes, first, placeOf) {
			for (let at = 0, row = first; at < bytes.length; row++) {
				let out = placeOf(row) * columns;
				for (const end = at + rowBytes; at < end; at += type.bytes, out += type.elements) {
					type.unpack(bytes, at, block);
					pack(block, type.elements, shift, form.bits, packed.data, out);
					const groups = type.elements / type.size;
					for (let g = 0; g < groups; g++) steps.data[out / type.size + g] = block.scale[g] as number;
					if (!offsets) continue;
					for (let g = 0; g < groups; g++) lows.data[out / type.size + g] = block.offset[g] as number;
				}
			}
		},
	};
}

/** Writes the q of a block as elements `at` and following of `packed`. */
function pack(
	{ q }: Block,
	elements: number,
	shift: number,
	bits: number,
	packed: Uint8Array,
	at: number,
): void {
	if (bits === 8) {
		for (let i = 0; i < elements; i++) packed[at + i] = (q[i] as number) + shift;
		return;
	}
	for (let i = 0, to = at / 2; i < elements; i += 2, to++) {
		packed[to] = ((q[i] as number) + shift) | (((q[i + 1] as number) + shift) << 4);
	}
}
