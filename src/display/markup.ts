import { element, escapeMarkup } from "../figures/svg.js";
import type { ResultTable } from "./tables.js";

/** A table as HTML. It brings no style: notebooks have their own. */
export function htmlTable({ title, columns, rows, more }: ResultTable): string {
	const cell = (name: "td" | "th", value: string | number): string =>
		element(name, {}, escapeMarkup(shown(value)));
	const caption = [title, ...(more > 0 ? [`${more} more`] : [])].filter((text) => text !== "").join("; ");
	return element(
		"table",
		{},
		...(caption === "" ? [] : [element("caption", {}, escapeMarkup(caption))]),
		element("thead", {}, element("tr", {}, ...columns.map((name) => cell("th", name)))),
		element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((value) => cell("td", value))))),
	);
}

/** The same as text with aligned columns. */
export function textTable({ title, columns, rows, more }: ResultTable): string {
	const cells = [columns, ...rows.map((row) => row.map(shown))];
	const widths = columns.map((_, c) => Math.max(...cells.map((row) => row[c]?.length ?? 0)));
	const lines = cells.map((row) =>
		row
			.map((text, c) => {
				const isNumber = typeof rows[0]?.[c] === "number";
				return isNumber ? text.padStart(widths[c] as number) : text.padEnd(widths[c] as number);
			})
			.join("  ")
			.trimEnd(),
	);
	return [...(title === "" ? [] : [title]), ...lines, ...(more > 0 ? [`... ${more} more`] : [])].join("\n");
}

/** A whole page inside another, with its scripts and nothing of the notebook's. */
export function framedPage(page: string): string {
	const attributes = {
		sandbox: "allow-scripts",
		width: "100%",
		height: 640,
		srcdoc: page,
		title: "headscope",
	};
	return element("iframe", attributes, "");
}

function shown(value: string | number): string {
	if (typeof value === "string") return value;
	return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
