import type { Phase } from "../../../service/checkpoint-host.js";
import type { ScrubLine } from "./scrub-curve.js";

/** What a score is called beside the slider, in the order in which they are drawn. */
const NAMES: readonly (readonly [score: string, name: string])[] = [
	["induction-repeat", "induction"],
	["induction", "induction"],
	["previous-token", "previous token"],
];

/**
 * The loss, and of each score the best head at every step.
 * @param head whose induction score stands beside the best one; empty for none
 */
export function phaseLines({ loss, scores }: Phase, head: string): ScrubLine[] {
	const [layer = 0, index = 0] = head.split(".").map(Number);
	const lines: ScrubLine[] = [];
	if (loss) lines.push({ name: "loss", values: loss, range: [0, Math.max(...loss)] });
	for (const [score, name] of NAMES) {
		const found = scores[score];
		if (!found) continue;
		lines.push({
			name: `${name}, best head`,
			detail: (at) => `head ${found.best[at]?.head ?? "–"}`,
			values: found.best.map((best) => best.score),
			range: [0, 1],
		});
		const own = found.values.map((at) => at[layer]?.[index] ?? Number.NaN);
		if (head !== "" && name === "induction" && own.every(Number.isFinite))
			lines.push({ name: `induction, head ${head}`, values: own, range: [0, 1] });
	}
	return lines;
}
