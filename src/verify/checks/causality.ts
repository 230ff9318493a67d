import { type Difference, difference } from "../../tensor/index.js";
import { type Check, type Deviation, judge, type Outcome } from "../check.js";
import { deviationOf, positionsOfRow, SHORTEST } from "../subject.js";

/** Another token at a position changes the logits from there on, and none before it. */
export const causality: Check = {
	name: "causality",
	doc: "another token at a position changes logits from there on and none before",
	sees: "masks that let a query see later keys, inputs that are ignored",
	positions: SHORTEST,

	async run(subject): Promise<Outcome> {
		const { model, signal } = subject;
		const [row] = subject.rows;
		const length = row.length;
		const places = [...new Set([1, Math.floor(length / 2), length - 1])];
		const other = (p: number): number[] => row.with(p, ((row[p] as number) + 1) % model.config.vocab);
		const logits = await model.run([row, ...places.map(other)], { ...(signal && { signal }) });
		const deviations: Deviation[] = [];
		for (const [i, p] of places.entries()) {
			const changed = (start: number, end: number): Difference =>
				difference(positionsOfRow(logits, i + 1, start, end), positionsOfRow(logits, 0, start, end));
			deviations.push(deviationOf(subject, `logits before a changed token at ${p}`, changed(0, p)));
			if (changed(p, length).maxAbs === 0)
				return { status: "failed", detail: `another token at position ${p} changes no logit` };
		}
		return judge(deviations);
	},
};
