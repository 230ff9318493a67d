import type { Tensor } from "../../tensor/index.js";
import type { Check, Outcome } from "../check.js";
import { placeOf } from "../subject.js";

/** Every activation of a run is finite; masked scores are -Infinity. */
export const finite: Check = {
	name: "finite",
	doc: "every activation of a run is a finite number",
	sees: "overflow and NaN on the way, and where they begin",
	decisive: true,

	async run({ model, rows: [row], signal }): Promise<Outcome> {
		const { logits, cache } = await model.runWithCache([row], { ...(signal && { signal }) });
		const all = [...cache, ["logits", logits] as const];
		for (const [name, tensor] of all) {
			const bad = firstBad(tensor, name.endsWith(".hook_attn_scores"));
			if (bad !== undefined)
				return { status: "failed", detail: `${name} holds ${bad}`, place: placeOf(name) };
		}
		return { status: "passed", detail: `${all.length} activations are finite` };
	},
};

/** The first number that is not finite. */
function firstBad({ data }: Tensor, masked: boolean): number | undefined {
	for (const value of data) {
		const number = Number(value);
		if (!Number.isFinite(number) && !(masked && number === Number.NEGATIVE_INFINITY)) return number;
	}
	return undefined;
}
