import type { Tensor } from "../tensor/index.js";
import { minus } from "./colour.js";
import type { RankingEntry } from "./ranking.js";
import { decimals, element, escapeMarkup } from "./svg.js";

/** A further score beside the ranking's own, such as previous-token. */
export interface BesideScore {
	name: string;
	/** [layer, head]. */
	values: Tensor;
}

const BAR_WIDTH = 76;
const BAR_HEIGHT = 14;

/** The ranking as an HTML table, best head first; each head is a button that a script can listen to. */
export function rankingTable(
	entries: readonly RankingEntry[],
	by: "lift" | "score",
	beside: readonly BesideScore[],
): string {
	const has = (name: "control" | "lift" | "low"): boolean =>
		entries.some((entry) => entry[name] !== undefined);
	const columns: { title: string; cell(entry: RankingEntry): string }[] = [
		{ title: "score", cell: (entry) => number(entry.score) },
		...(has("control") ? [{ title: "control", cell: (entry: RankingEntry) => number(entry.control) }] : []),
		...(has("lift") ? [{ title: "lift", cell: (entry: RankingEntry) => number(entry.lift) }] : []),
		...(has("low") ? [{ title: "interval", cell: interval }] : []),
		...beside.map(({ name, values }) => ({
			title: name,
			cell: ({ head }: RankingEntry) => number(values.at(...head.split(".").map(Number))),
		})),
	];
	const highest = Math.max(...entries.map((entry) => entry.high ?? entry[by] ?? 0)) || 1;
	const rows = entries.map((entry, i) =>
		element(
			"tr",
			{ "data-head": entry.head },
			element("td", {}, String(i + 1)),
			element("td", {}, element("button", { type: "button" }, escapeMarkup(entry.head))),
			element("td", { class: "bar" }, bar(entry, by, highest)),
			...columns.map(({ cell }) => element("td", {}, cell(entry))),
		),
	);
	const titles = ["", "head", "", ...columns.map(({ title }) => title)];
	return element(
		"table",
		{},
		element(
			"thead",
			{},
			element("tr", {}, ...titles.map((title) => element("th", { scope: "col" }, escapeMarkup(title)))),
		),
		element("tbody", {}, ...rows),
	);
}

function bar(entry: RankingEntry, by: "lift" | "score", highest: number): string {
	const x = (value: number | undefined): number => Math.max(0, ((value ?? 0) / highest) * (BAR_WIDTH - 2));
	const whisker = `M${decimals(x(entry.low))} 7H${decimals(x(entry.high))}`;
	return element(
		"svg",
		{ width: BAR_WIDTH, height: BAR_HEIGHT, "aria-hidden": "true" },
		element("rect", { y: 2, width: x(entry[by]), height: BAR_HEIGHT - 4 }),
		entry.low === undefined ? "" : element("path", { d: whisker, "stroke-width": 1.5 }),
	);
}

function interval({ low, high }: RankingEntry): string {
	return low === undefined ? "–" : `${number(low, 2)} to ${number(high, 2)}`;
}

function number(value: number | undefined, digits = 3): string {
	return value === undefined ? "–" : minus(value.toFixed(digits));
}
