import { type Check, doesNotApply, isTooLarge, judge, type Outcome } from "../check.js";
import { compareReference } from "../compare-reference.js";

/** Every tensor of another program's run is the model's, in forward order. */
export const reference: Check = {
	name: "reference",
	doc: "tokens, hidden states, attention patterns and logits are those of another program",
	sees: "every fault that changes a number on the reference's prompt, and where it begins",

	async run(subject): Promise<Outcome> {
		if (!subject.reference) return doesNotApply("no reference was given");
		const compared = await compareReference(subject, subject.reference);
		const found = judge(compared);
		const first = compared.find(isTooLarge);
		if (!first)
			return {
				...found,
				detail: `${compared.length} tensors agree; the largest difference: ${found.detail}`,
			};
		const before = compared[compared.indexOf(first) - 1];
		const agreed = before ? `; ${before.what} agrees` : "";
		return {
			...found,
			detail: `first in forward order ${found.detail}${first.at ? ` at [${first.at.join(", ")}]` : ""}${agreed}`,
		};
	},
};
