import type { BenchCase, Range, Row } from "./bench.js";

/** Measurements of one case: our side's (null if left out) and each rival's, one entry a round. */
export interface Samples {
	ours: number[] | null;
	rivals: Map<string, number[]>;
}

/** One row per rival and budget. The goal stands on the row of the best one that it names. */
export function rowsOf(benchCase: BenchCase, samples: Samples): Row[] {
	const against = new Map(samples.rivals);
	for (const budget of benchCase.budgets ?? []) against.set(budget.name, [budget.value]);
	const judged = benchCase.goal
		? bestOf(against, benchCase.goal.against ?? [...samples.rivals.keys()])
		: undefined;
	const { ours } = samples;
	return [...against].map(([rivalName, rival]) => ({
		case: benchCase.name,
		unit: benchCase.measure === "time" ? "ms" : "MB",
		ours: ours && median(ours),
		rival: median(rival),
		rivalName,
		ratio: ours && median(ours) / median(rival),
		spread: {
			ours: ours && range(ours),
			rival: range(rival),
			// A budget has one value for all rounds.
			ratio: ours && range(ours.map((value, round) => value / (rival[round] ?? (rival[0] as number)))),
		},
		goal: judged === rivalName && benchCase.goal ? benchCase.goal.ratio : null,
		rounds: Math.max(rival.length, ours?.length ?? 0),
	}));
}

/** The name with the smallest median; a name that was not measured is skipped. */
function bestOf(against: Map<string, number[]>, names: string[]): string | undefined {
	let best: { name: string; value: number } | undefined;
	for (const name of names) {
		const values = against.get(name);
		if (!values) continue;
		const value = median(values);
		if (!best || value < best.value) best = { name, value };
	}
	return best?.name;
}

/** The middle value, or the mean of the two middle ones. */
export function median(values: number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const low = sorted[Math.floor((sorted.length - 1) / 2)] as number;
	const high = sorted[Math.ceil((sorted.length - 1) / 2)] as number;
	return (low + high) / 2;
}

function range(values: number[]): Range {
	return [Math.min(...values), Math.max(...values)];
}
