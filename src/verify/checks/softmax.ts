import type { Tensor } from "../../tensor/index.js";
import { type Check, type Deviation, doesNotApply, judge, type Outcome } from "../check.js";
import { placeOf } from "../subject.js";

/** What the sum of a row may be off by: rounding of up to 16 numbers in float32. */
const ALLOWED = 1e-5;

/** Every row of every attention pattern sums to 1, holds nothing negative and nothing for later keys. */
export const softmax: Check = {
	name: "softmax",
	doc: "every row of a pattern sums to 1, with nothing for later keys",
	sees: "masks behind the softmax instead of before it, softmax along another axis, attention to later keys",

	async run({ model, rows, signal }): Promise<Outcome> {
		const names = model.hookPoints().flatMap(({ name }) => (name.endsWith(".hook_pattern") ? [name] : []));
		if (names.length === 0) return doesNotApply("the model has no attention pattern");
		const { cache } = await model.runWithCache(rows, { names, logits: false, ...(signal && { signal }) });
		return judge(names.flatMap((name) => deviations(name, cache.get(name))));
	},
};

/** pattern [batch, head, query, key] */
function deviations(name: string, pattern: Tensor): Deviation[] {
	const keys = pattern.shape[3] as number;
	let [sums, wrong] = [0, 0];
	for (let at = 0; at < pattern.size; at += keys) {
		const query = (at / keys) % (pattern.shape[2] as number);
		let sum = 0;
		for (let key = 0; key < keys; key++) {
			const value = Number(pattern.data[at + key]);
			sum += value;
			if (!(value >= 0) || key > query) wrong = largest(wrong, value);
		}
		sums = largest(sums, sum - 1);
	}
	const place = placeOf(name);
	return [
		{ what: `${name}, sums of rows`, measured: sums, allowed: ALLOWED, place },
		{ what: `${name}, later keys and negative entries`, measured: wrong, allowed: 0, place },
	];
}

/** The larger of a size and |value|; what is no number is larger than all. */
function largest(size: number, value: number): number {
	return Number.isNaN(value) ? Number.POSITIVE_INFINITY : Math.max(size, Math.abs(value));
}
