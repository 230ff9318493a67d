import * as z from "zod/mini";
import { Tensor } from "../tensor/index.js";
import { answerIds, answersSchema } from "./answers.js";
import { reject } from "./errors.js";
import { type BoundMetric, defineMetric, EXAMPLE_IDS } from "./metric.js";
import { rowPositions } from "./positions.js";
import { tokenRows } from "./token-rows.js";

const graph: BoundMetric["graph"] = (get, g, feed) => {
	const logits = get("logits"); // [rows, 1, vocab]
	const [rows, scored] = logits.shape as [string, string];
	const pair = g.takeAlong(logits, feed("pair", [rows, scored, 2], "int32"), 2);
	const [answer, wrong] = [g.slice(pair, 2, 0, 1), g.slice(pair, 2, 1, 2)];
	return g.sum(g.sub(answer, wrong), [1, 2], { keepDims: false });
};

/**
 * Logit of the answer minus logit of a wrong answer at one position, the row's last unless given (Wang et al. 2022,
 * "Interpretability in the Wild"). No softmax: the difference is that of log-probabilities too.
 */
export const logitDifference = defineMetric({
	kind: "logit-difference",
	doc: "logit of the answer minus logit of a wrong answer, at the row's last position or a given one",
	schema: z.strictObject({
		kind: z.literal("logit-difference"),
		answers: answersSchema,
		wrong: answersSchema,
		position: z.optional(z.int()),
	}),
	of: ["language"],
	examples: [
		{ data: { kind: "logit-difference", answers: 5, wrong: [7, 8] }, rows: { ids: EXAMPLE_IDS } },
		{
			data: { kind: "logit-difference", answers: [5, 6], wrong: 8, position: 3 },
			rows: { ids: EXAMPLE_IDS },
		},
	],
	fromText: () => undefined,
	measure: async ({ answers, wrong, position = -1 }, context) => {
		const { where } = context;
		const { model, input, mask, rows } = tokenRows(context, undefined);
		const right = answerIds(model, answers, rows.length, `${where}.answers`);
		const others = answerIds(model, wrong, rows.length, `${where}.wrong`);
		const same = right.findIndex((id, row) => id === others[row]);
		if (same >= 0) reject(where, `row ${same}: answer and wrong answer are the same token ${right[same]}`);
		const at = rows.map(({ tokens, places }, r) =>
			rowPositions(position, tokens.length, `${where}: row ${r}`).map((p) => places[p] as number),
		);
		const pair = Tensor.from(
			right.map((id, row) => [[id, others[row] as number]]),
			"int32",
		);
		const metric = {
			name: "logit-difference",
			doc: "logit of the answer minus logit of the wrong answer",
			rows: rows.length,
			names: [],
			at,
			graph,
			feeds: { pair },
		};
		return { model, input, ...(mask && { mask }), metric };
	},
});
