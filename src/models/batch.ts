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

/**
 * Checks token ids against a model and packs them.
 * @param mask the shape of `ids`, 1 for tokens that count; what is masked is padding, left or right.
 * @throws {ModelError} for an empty input, ids outside the vocabulary, or more tokens than the context.
 */
export function packBatch(
	ids: Ids,
	{ vocab, nCtx }: Dimensions,
	mask?: readonly (readonly number[])[],
): Batch {
	const rows = (typeof ids[0] === "number" ? [ids] : ids) as readonly (readonly number[])[];
	const length = Math.max(0, ...rows.map((row) => row.length));
	if (rows.length === 0 || rows.some((row) => row.length === 0))
		throw new ModelError("ids: no tokens; every row needs at least one");
	if (length > nCtx) throw new ModelError(`ids: ${length} tokens, but the model's context is ${nCtx}`);
	const tokens = Tensor.zeros([rows.length, length], "int32", ["batch", "pos"]);
	const visible = Tensor.zeros([rows.length, length], "bool", ["batch", "pos"]);
	for (const [b, row] of rows.entries()) {
		const marks = mask?.[b];
		if (mask && marks?.length !== row.length) {
			throw new ModelError(`mask[${b}]: ${marks?.length ?? 0} entries for ${row.length} ids`);
		}
		for (const [p, id] of row.entries()) {
			const mark = marks?.[p] ?? 1;
			if (mark !== 0 && mark !== 1) throw new ModelError(`mask[${b}][${p}]: expected 0 or 1, got ${mark}`);
			if (!Number.isInteger(id) || id < 0 || id >= vocab) {
				throw new ModelError(
					`ids[${b}][${p}]: ${id} is not a token id of this model, allowed 0..${vocab - 1}`,
				);
			}
			tokens.data[b * length + p] = id;
			visible.data[b * length + p] = mark;
		}
	}
	if (mask && mask.length !== rows.length)
		throw new ModelError(`mask: ${mask.length} rows for ${rows.length} rows of ids`);
	return visible.data.every((v) => v === 1) ? { tokens } : { tokens, mask: visible };
}

/**
 * Positions of a run: 0, 1, 2, ... ([pos]), or with a mask the number of counting tokens before each
 * ([batch, pos]), so that padding changes nothing for the tokens that count.
 */
export function positionsOf({ mask }: Pick<Batch, "mask">, length: number): Tensor<"int32"> {
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
