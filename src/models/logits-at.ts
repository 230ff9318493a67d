import { sizeOfDims } from "../graph/dim.js";
import { gather, input, reshape } from "../graph/ops/index.js";
import type { Value } from "../graph/value.js";
import { Tensor } from "../tensor/index.js";
import { ModelError } from "./family.js";
import type { ModelRange } from "./trace-model.js";

/** Rows of positions, as many in each; every row of the batch has one. */
export type LogitsAt = readonly (readonly number[])[] | Tensor<"int32">;

/** The feed that says which rows of the residual stream [batch * pos, d_model] are unembedded: int32 [batch, scored]. */
const FEED = "logits_at";

/** The residual stream [batch, pos, d_model] at the positions that were asked for: [batch, scored, d_model]. */
export function atScored(resid: Value, { scored }: ModelRange): Value {
	if (scored === undefined) return resid;
	const [batch, pos, width] = resid.shape as [string, string, number];
	const rows = reshape(resid, [sizeOfDims([batch, pos]), width]);
	return gather(rows, input(FEED, "int32", [batch, scored]));
}

/**
 * What a run with `logitsAt` is fed beside its input.
 * @throws {ModelError} for positions that are not one list of equal length for each row, or lie outside the row
 */
export function logitsAtFeeds(
	at: LogitsAt | undefined,
	batch: number,
	pos: number,
	stopAtLayer: number | undefined,
): Readonly<Record<string, Tensor>> {
	if (at === undefined) return {};
	if (stopAtLayer !== undefined) {
		throw new ModelError("logitsAt: a run that stops at a layer has no logits; leave out one of the two");
	}
	const rows = at instanceof Tensor ? (at.toNested() as number[][]) : at;
	if (rows.length !== batch) {
		throw new ModelError(`logitsAt: positions of ${rows.length} rows for ${batch} rows of input`);
	}
	const scored = scoredPositions(at);
	if (scored === 0) throw new ModelError("logitsAt: no positions; every row needs at least one");
	const feed = Tensor.zeros([batch, scored], "int32");
	for (const [b, row] of rows.entries()) {
		if (row.length !== scored) {
			throw new ModelError(`logitsAt[${b}]: ${row.length} positions, but row 0 has ${scored}`);
		}
		for (const [i, p] of row.entries()) {
			if (!Number.isInteger(p) || p < 0 || p >= pos) {
				throw new ModelError(`logitsAt[${b}][${i}]: got ${p}, allowed positions 0..${pos - 1}`);
			}
			feed.data[b * scored + i] = b * pos + p;
		}
	}
	return { [FEED]: feed };
}

/** How many positions of each row there are. */
export function scoredPositions(at: LogitsAt): number {
	return (at instanceof Tensor ? at.shape[1] : at[0]?.length) ?? 0;
}
