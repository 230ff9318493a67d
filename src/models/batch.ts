import { Tensor } from "../tensor/index.js";
import { type Dimensions, ModelError } from "./family.js";

/** Token ids of one row or several; rows of different length are padded on the right. */
export type Ids = readonly number[] | readonly (readonly number[])[];

/** Rows of equal length, ready to be fed. */
export interface Batch {
	/** int32 [batch, pos] */
	readonly tokens: Tensor<"int32">;
	/** bool [batch, pos], 1 where a token counts; absent where all do. */
	readonly mask?: Tensor<"bool"> | undefined;
}

/** 1 for tokens that count and 0 for padding, a row for each row of ids. */
export type Marks = readonly (readonly number[])[];

/**
 * Checks token ids against a model and packs them.
 * @throws {ModelError} for an empty input, ids outside the vocabulary, more tokens than the context, or a
 * mask that does not have the shape of the ids.
 */
export function packBatch(ids: Ids, { vocab, nCtx }: Dimensions, marks?: Marks | Tensor<"bool">): Batch {
	const rows = (typeof ids[0] === "number" ? [ids] : ids) as readonly (readonly number[])[];
	const length = Math.max(0, ...rows.map((row) => row.length));
	if (rows.length === 0 || rows.some((row) => row.length === 0)) {
		throw new ModelError("input: no tokens; every row needs at least one");
	}
	if (length > nCtx) throw new ModelError(`input: ${length} tokens, but the model's context is ${nCtx}`);
	const tokens = Tensor.zeros([rows.length, length], "int32", ["batch", "pos"]);
	for (const [b, row] of rows.entries()) {
		for (const [p, id] of row.entries()) {
			if (!Number.isInteger(id) || id < 0 || id >= vocab) {
				throw new ModelError(
					`ids[${b}][${p}]: ${id} is not a token id of this model, allowed 0..${vocab - 1}`,
				);
			}
			tokens.data[b * length + p] = id;
		}
	}
	const lengths = rows.map((row) => row.length);
	const ragged = lengths.some((n) => n !== length);
	const mask = marks || ragged ? packMask(marks, lengths, length) : undefined;
	return mask?.data.includes(0) ? { tokens, mask } : { tokens };
}

/** A mask of rows with the given lengths, padded on the right to `length`. */
export function packMask(
	given: Marks | Tensor<"bool"> | undefined,
	lengths: readonly number[],
	length: number,
): Tensor<"bool"> {
	const marks = given instanceof Tensor ? (given.toNested() as number[][]) : given;
	if (marks && marks.length !== lengths.length) {
		throw new ModelError(`mask: ${marks.length} rows for ${lengths.length} rows of input`);
	}
	const mask = Tensor.zeros([lengths.length, length], "bool", ["batch", "pos"]);
	for (const [b, n] of lengths.entries()) {
		const row = marks?.[b];
		if (row && row.length !== n) throw new ModelError(`mask[${b}]: ${row.length} entries for ${n} tokens`);
		for (let p = 0; p < n; p++) {
			const mark = row?.[p] ?? 1;
			if (mark !== 0 && mark !== 1) throw new ModelError(`mask[${b}][${p}]: expected 0 or 1, got ${mark}`);
			mask.data[b * length + p] = mark;
		}
		if (row && !row.includes(1)) throw new ModelError(`mask[${b}]: masks every token of the row`);
	}
	return mask;
}

/**
 * Positions of a run: 0, 1, 2, ... ([pos]), or with a mask the number of counting tokens before each
 * ([batch, pos]), so that padding changes nothing for the tokens that count.
 */
export function positionsOf(mask: Tensor<"bool"> | undefined, length: number): Tensor<"int32"> {
	if (!mask)
		return new Tensor(
			"int32",
			[length],
			Int32Array.from({ length }, (_, i) => i),
		);
	const positions = Tensor.zeros(mask.shape, "int32");
	for (let row = 0; row < mask.size; row += length) {
		for (let p = 0, seen = 0; p < length; p++) {
			seen += mask.data[row + p] as number;
			positions.data[row + p] = Math.max(0, seen - 1);
		}
	}
	return positions;
}
