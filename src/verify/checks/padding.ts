import { difference, type Tensor } from "../../tensor/index.js";
import { type Check, type Deviation, judge, type Outcome } from "../check.js";
import { deviationOf, positionsOfRow, SHORTEST } from "../subject.js";

/** How many tokens of padding a row gets. */
const PADDING = 3;

/** A row gives the same logits alone, padded on the left and padded on the right, in a batch with a longer one. */
export const padding: Check = {
	name: "padding",
	doc: "a row gives the same logits alone and padded on either side",
	sees: "positions that count padding, masks that let padding be seen",
	positions: SHORTEST + PADDING - 1,

	async run(subject): Promise<Outcome> {
		const { model, signal } = subject;
		const [long, other] = subject.rows;
		const length = long.length - PADDING;
		const options = { ...(signal && { signal }) };
		const row = other.slice(0, length);
		// what stands in the place of padding must not matter
		const filler = long.slice(0, PADDING);
		const [real, hidden] = [Array<number>(length).fill(1), Array<number>(PADDING).fill(0)];
		const alone = await model.run([row], options);
		const whole = await model.run([long], options);
		const batch = await model.run([[...filler, ...row], [...row, ...filler], long], {
			...options,
			mask: [[...hidden, ...real], [...real, ...hidden], Array<number>(long.length).fill(1)],
		});
		const compare = (what: string, at: number, start: number, expected: Tensor): Deviation => {
			const got = positionsOfRow(batch, at, start, start + (expected.shape[1] as number));
			return deviationOf(subject, what, difference(got, expected));
		};
		return judge([
			compare("logits of a row padded on the left", 0, PADDING, alone),
			compare("logits of a row padded on the right", 1, 0, alone),
			compare("logits of a row beside padded ones", 2, 0, whole),
		]);
	},
};
