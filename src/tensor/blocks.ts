import type { DType } from "./dtype.js";
import { sizeOf, Tensor } from "./tensor.js";

/**
 * How a matrix [rows, columns] is held as blocks of small whole numbers instead of as float32: `size` neighbours of a
 * row share a scale and an offset, and each is scale (q - zero) + offset.
 */
export interface BlockForm {
	/** Bits of a q. Of two q in a byte the first is the low half. */
	readonly bits: 4 | 8;
	/** Elements of a block; a row is a whole number of blocks. */
	readonly size: 16 | 32;
	readonly zero: number;
	/** Whether blocks have offsets; without them they are 0. */
	readonly offsets: boolean;
}

/** The tensors that a matrix is held as. */
export interface BlockParts {
	/** uint8 [rows, blocks, size * bits / 8] */
	readonly quants: Tensor<"uint8">;
	/** [rows, blocks] */
	readonly scales: Tensor<"float32">;
	/** [rows, blocks]; absent where the form has none. */
	readonly offsets?: Tensor<"float32"> | undefined;
}

/** Name, dtype and shape of one of those tensors. */
export interface PartType {
	readonly name: string;
	readonly dtype: DType;
	readonly shape: readonly number[];
}

/** What the parts of the matrix `name` [rows, columns] are called, and their types; `offsets` only where there are any. */
export function partTypes(
	name: string,
	{ bits, size, offsets }: BlockForm,
	[rows, columns]: readonly number[],
): { quants: PartType; scales: PartType; offsets?: PartType } {
	const shape = [rows as number, (columns as number) / size];
	const one = (part: keyof BlockParts): PartType => ({ name: `${name}#${part}`, dtype: "float32", shape });
	const quants: PartType = {
		...one("quants"),
		dtype: "uint8",
		shape: [...shape, (size * bits) / 8],
	};
	return { quants, scales: one("scales"), ...(offsets && { offsets: one("offsets") }) };
}

/** The matrix in float32 [rows, columns], rounded once. */
export function unpackBlocks(
	{ bits, size, zero }: BlockForm,
	{ quants, scales, offsets }: BlockParts,
): Tensor<"float32"> {
	const [rows, blocks] = scales.shape as [number, number];
	const out = new Float32Array(sizeOf([rows, blocks, size]));
	for (let block = 0, at = 0; block < scales.size; block++) {
		const scale = scales.data[block] as number;
		const offset = (offsets?.data[block] ?? 0) as number;
		for (const end = at + size; at < end; at++) {
			const q =
				bits === 8 ? (quants.data[at] as number) : ((quants.data[at >> 1] as number) >> (4 * (at & 1))) & 15;
			out[at] = scale * (q - zero) + offset;
		}
	}
	return new Tensor("float32", [rows, blocks * size], out);
}
