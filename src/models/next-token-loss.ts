import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { Tensor } from "../tensor/index.js";
import { ModelError } from "./family.js";
import type { Model } from "./model.js";

/** Rows that go through the model at a time: the logits of more would be large. */
const ROWS = 8;

/**
 * Mean cross-entropy of next tokens, in nats: of the tokens at position `from` and later, each from all before it.
 * Only one number for each row leaves the engine.
 * @param ids rows of one length
 * @param from position of the first token that is predicted, from 1. Default 1.
 * @throws {ModelError} for rows of different lengths, and where no token is predicted
 */
export async function nextTokenLoss(
	model: Model,
	ids: readonly (readonly number[])[],
	from = 1,
	signal?: AbortSignal,
): Promise<number> {
	const length = ids[0]?.length ?? 0;
	if (ids.some((row) => row.length !== length)) throw new ModelError("loss: rows must have one length");
	if (!Number.isInteger(from) || from < 1 || from >= length) {
		throw new ModelError(`loss: from position ${from}, allowed 1..${length - 1}`);
	}
	let total = 0;
	for (let at = 0; at < ids.length; at += ROWS) {
		const rows = ids.slice(at, at + ROWS);
		const next = Tensor.from(
			rows.map((row) => row.slice(from)),
			"int32",
		);
		const readout = {
			names: [],
			concrete: true,
			feeds: { next },
			outputs: (get: (name: string) => Value, g: G) => {
				const logits = g.slice(get("logits"), 1, from - 1, length - 1); // [row, pos, vocab]
				const chosen = g.unsqueeze(g.input("next", "int32", next.shape), 2);
				const logProbability = g.takeAlong(g.logSoftmax(logits), chosen, 2); // [row, pos, 1]
				return { loss: g.neg(g.mean(logProbability, [1, 2], { keepDims: false })) };
			},
		};
		const { data } = (await model.read(rows, readout, signal ? { signal } : {})).get("loss") as Tensor;
		for (const loss of data) total += Number(loss);
	}
	return total / ids.length;
}
