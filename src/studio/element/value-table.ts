import { make, shown } from "./dom.js";
import type { PatternSet } from "./pattern-set.js";
import type { AxisTokens } from "./viewer.js";

/** Cells of a table that is written out whole. */
const MOST_CELLS = 4096;
/** Keys of each query where there are more. */
const TOP = 8;

/** A head's values as a table: all of them, or of large ones the keys that each query attends to most. */
export function valueTable(set: PatternSet, head: number, labels: AxisTokens): HTMLTableElement {
	return set.queries * set.keys <= MOST_CELLS ? wholeTable(set, head, labels) : topTable(set, head, labels);
}

function wholeTable({ queries, keys, data }: PatternSet, head: number, labels: AxisTokens): HTMLTableElement {
	const top = make("tr", {}, {}, make("th", { textContent: "query \\ key" }, { scope: "col" }));
	for (const key of labels.key) top.append(make("th", { textContent: key }, { scope: "col" }));
	const body = make("tbody");
	for (let query = 0; query < queries; query++) {
		const row = body.insertRow();
		row.append(make("th", { textContent: labels.query[query] ?? "" }, { scope: "row" }));
		for (let key = 0; key < keys; key++)
			row.insertCell().textContent = shown(data[(head * queries + query) * keys + key] as number);
	}
	return make("table", {}, {}, make("thead", {}, {}, top), body);
}

function topTable({ queries, keys, data }: PatternSet, head: number, labels: AxisTokens): HTMLTableElement {
	const names = ["query", ...Array.from({ length: TOP }, (_, i) => `key ${i + 1}`)];
	const top = make("tr", {}, {}, ...names.map((name) => make("th", { textContent: name }, { scope: "col" })));
	const body = make("tbody");
	for (let query = 0; query < queries; query++) {
		const start = (head * queries + query) * keys;
		const values = data.subarray(start, start + keys);
		const best = [...values.keys()]
			.sort((a, b) => Math.abs(values[b] as number) - Math.abs(values[a] as number))
			.slice(0, TOP);
		const row = body.insertRow();
		row.append(make("th", { textContent: `${query} ${labels.query[query]}` }, { scope: "row" }));
		for (const key of best)
			row.insertCell().textContent = `${key} ${labels.key[key]} ${shown(values[key] as number)}`;
	}
	return make("table", {}, {}, make("thead", {}, {}, top), body);
}
