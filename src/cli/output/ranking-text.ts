import type { HeadScores, RankedHead } from "../../scores/index.js";
import { type Column, table } from "./table.js";

/** A further column: the numbers [layer][head] of another score. */
export interface Beside {
	readonly title: string;
	readonly values: readonly (readonly number[])[];
}

/** The top of a ranking as a table, best head first. */
export function rankingText(
	{ ranking }: Pick<HeadScores, "ranking">,
	top: number,
	beside: readonly Beside[] = [],
): string {
	const has = (name: "lift" | "low"): boolean => ranking.some((entry) => entry[name] !== undefined);
	const columns: (Column & { cell: (entry: RankedHead) => string })[] = [
		{ title: "HEAD", right: true, cell: ({ head }) => head },
		...(has("lift") ? [numbers("LIFT", ({ lift }) => lift)] : []),
		...(has("lift") ? [] : [numbers("SCORE", ({ score }) => score)]),
		...(has("low") ? [{ title: "95% INTERVAL", right: true, cell: interval }] : []),
		...(has("lift")
			? [numbers("SCORE", ({ score }) => score), numbers("CONTROL", ({ control }) => control)]
			: []),
		...beside.map(({ title, values }) =>
			numbers(title.toUpperCase(), ({ head }) => {
				const [layer = 0, index = 0] = head.split(".").map(Number);
				return values[layer]?.[index];
			}),
		),
	];
	const rows = ranking.slice(0, top).map((entry) => columns.map(({ cell }) => cell(entry)));
	return table(columns, rows);
}

function numbers(
	title: string,
	of: (entry: RankedHead) => number | undefined,
): Column & { cell: (entry: RankedHead) => string } {
	return { title, right: true, cell: (entry) => three(of(entry)) };
}

function interval({ low, high }: RankedHead): string {
	return low === undefined || high === undefined ? "-" : `${three(low)} .. ${three(high)}`;
}

/** Three decimals, and no minus sign before zeros. */
export function three(value: number | undefined): string {
	if (value === undefined) return "-";
	const text = value.toFixed(3);
	return text === "-0.000" ? "0.000" : text;
}
