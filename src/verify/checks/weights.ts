import type { Check, Outcome } from "../check.js";

/** Every number of every weight tensor is finite. */
export const weights: Check = {
	name: "weights",
	doc: "every weight is a finite number",
	sees: "NaN and overflow in a file, also in rows that no check's tokens use",

	async run({ model, signal }): Promise<Outcome> {
		const declared = model.family.weights(model.config);
		for (const { name } of declared) {
			signal?.throwIfAborted();
			const { data } = await model.weight(name);
			const bad = data.findIndex((value) => !Number.isFinite(value));
			if (bad >= 0) {
				const detail = `"${name}" holds ${data[bad]} as its number ${bad} of ${data.length}`;
				return { status: "failed", detail, place: name };
			}
		}
		return { status: "passed", detail: `${declared.length} tensors are finite` };
	},
};
