import { KeyValueCache } from "../../models/key-value-cache.js";
import { difference } from "../../tensor/index.js";
import { type Check, doesNotApply, judge, type Outcome } from "../check.js";
import { deviationOf, positionsOfRow, SHORTEST } from "../subject.js";

/** The rest of a row after the keys and values of its beginning gives the logits of the whole row. */
export const cache: Check = {
	name: "cache",
	doc: "a run that goes on from cached keys and values gives the logits of the whole run",
	sees: "positions or rotations that start again behind a cache, keys cached before they are rotated",
	positions: SHORTEST,

	async run(subject): Promise<Outcome> {
		const { model, signal } = subject;
		const [row] = subject.rows;
		const length = row.length;
		const names = KeyValueCache.names(model);
		const known = new Set(model.hookPoints().map(({ name }) => name));
		const missing = names.find((name) => !known.has(name));
		if (missing !== undefined) return doesNotApply(`the model has no point ${missing}`);
		const options = { ...(signal && { signal }) };
		const half = Math.floor(length / 2);
		const whole = await model.run([row], options);
		const begun = await model.runWithCache([row.slice(0, half)], { ...options, names, logits: false });
		const past = KeyValueCache.of(model, begun.cache);
		const rest = await model.run([row.slice(half)], { ...options, past });
		const expected = positionsOfRow(whole, 0, half, length);
		return judge([deviationOf(subject, `logits after ${half} cached positions`, difference(rest, expected))]);
	},
};
