import { type HeadScores, NOTABLE_LIFT, type RankedHead, standsOut } from "../../scores/index.js";
import { counted } from "../../shared/counted.js";
import { three } from "./ranking-text.js";

/** The score that a ranking goes by, and why. */
export interface Choice {
	readonly scored: HeadScores;
	readonly why: string;
}

/** The score that was asked for, else the one of `candidates` whose best lift is the highest. */
export function chooseScore(
	found: ReadonlyMap<string, HeadScores>,
	candidates: readonly string[],
	asked: string | undefined,
): Choice {
	if (asked !== undefined) {
		return { scored: found.get(asked) as HeadScores, why: `Ranked by the lift of ${asked}, as asked.` };
	}
	const best = (name: string): RankedHead => found.get(name)?.ranking[0] as RankedHead;
	const said = (name: string): string => `${three(best(name).lift)} (head ${best(name).head})`;
	const order = [...candidates].sort((a, b) => (best(b).lift ?? 0) - (best(a).lift ?? 0));
	const [first, second] = order as [string, string | undefined];
	const other = second === undefined ? "" : `; that of ${second} is ${said(second)}`;
	return {
		scored: found.get(first) as HeadScores,
		why: `Ranked by the lift of ${first}, whose best is ${said(first)}${other}.`,
	};
}

/** Whether there are heads that do more than their control. */
export function verdictOn({ ranking }: HeadScores): string {
	const standing = ranking.filter(standsOut);
	const [best] = ranking;
	if (best?.low === undefined) {
		return "One row gives no interval, so no head can be said to stand above its control.";
	}
	const rule = `lift above ${NOTABLE_LIFT}, its interval above 0`;
	if (standing.length === 0) {
		return `No head stands above its control (${rule}): the best lift is ${three(best.lift)}, of head ${best.head}.`;
	}
	return `${standing.length} of ${ranking.length} heads ${standing.length === 1 ? "stands" : "stand"} above ${standing.length === 1 ? "its" : "their"} control (${rule}).`;
}

/**
 * What the rows were: one line for each kind of them.
 * @param tokens whether they are of token ids, so that there may be a BOS
 */
export function rowsOf(found: Iterable<HeadScores>, tokens: boolean): string[] {
	const byTask = new Map<string, HeadScores[]>();
	for (const scored of found) {
		const bos = tokens ? `, ${scored.bos ? "with" : "without"} BOS` : "";
		const key = `${counted(scored.samples, "row")} of ${scored.task}, seed ${scored.seed}${bos}`;
		byTask.set(key, [...(byTask.get(key) ?? []), scored]);
	}
	return [...byTask].map(([rows, list]) => `${list.map(({ score }) => score).join(", ")}: ${rows}`);
}
