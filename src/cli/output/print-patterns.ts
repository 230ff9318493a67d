import type { Scale } from "../../figures/colour.js";
import { tokenLabel } from "../../figures/token-label.js";
import { type HeadIndex, nameOfHead } from "../input/heads.js";
import { type Patterns, patternOf } from "./patterns.js";
import { cutTo, displayWidth, padTo, table, wrap } from "./table.js";

/** Beyond as many heads each gets one line instead of its pattern. */
const MOST_SHOWN = 16;
/** Room for a token's text. */
const LABEL = 12;
const SHADES = ["·", "░", "▒", "▓", "█"] as const;

/** Patterns as text for a terminal of `width` characters. */
export function printPatterns(
	patterns: Patterns,
	heads: readonly HeadIndex[],
	scale: Scale,
	width: number,
): string {
	if (heads.length > MOST_SHOWN) return overview(patterns, heads, scale, width);
	const legend = scale === "log" ? "log, from 0.0001" : "0 to 1";
	const hidden = scale === "hide-first" ? "; the first key is hidden" : "";
	return [
		...heads.map((head) => onePattern(patterns, head, scale, width)),
		`rows attend to columns; ${SHADES.join("")} ${legend}${hidden}; then each row's strongest key`,
	].join("\n\n");
}

/** One head: a row for each query with a cell for each key, and the strongest key in words. */
function onePattern(patterns: Patterns, head: HeadIndex, scale: Scale, width: number): string {
	const pattern = patternOf(patterns, head);
	const first = scale === "hide-first" ? 1 : 0;
	const labels = patterns.tokens.query.map((token) => cutTo(tokenLabel(token), LABEL));
	const labelWidth = Math.max(...labels.map(displayWidth));
	const digits = String(labels.length - 1).length;
	const rows = labels.map((label, query) => {
		const row = Array.from(pattern.select(query).data);
		const [key] = strongest(row, 1, first);
		const best = key === undefined ? "" : `${describe(patterns, key)} ${(row[key] as number).toFixed(2)}`;
		return { start: `${String(query).padStart(digits)} ${padTo(label, labelWidth)}`, row, best };
	});
	const taken = digits + labelWidth + 5 + Math.max(...rows.map(({ best }) => displayWidth(best)));
	const keys = (pattern.shape[1] as number) - first;
	const room = Math.max(8, width - taken);
	// two characters make a cell about square
	const cell = keys * 2 <= room ? 2 : 1;
	const cells = Math.min(keys, room);
	const lines = rows.map(({ start, row, best }) => {
		const shades = pool(row.slice(first), cells).map((value) => shade(value, scale).repeat(cell));
		return `${start}  ${shades.join("")}  ${best}`.trimEnd();
	});
	return [`Head ${nameOfHead(head)}`, ...lines].join("\n");
}

/** Where there are many heads: what the last token attends to in each. */
function overview(patterns: Patterns, heads: readonly HeadIndex[], scale: Scale, width: number): string {
	const last = patterns.tokens.query.length - 1;
	const first = scale === "hide-first" ? 1 : 0;
	const rows = heads.map((head) => {
		const row = Array.from(patternOf(patterns, head).select(last).data);
		const keys = strongest(row, 3, first);
		return [
			nameOfHead(head),
			...keys.map((key) => `${(row[key] as number).toFixed(2)} ${describe(patterns, key)}`),
		];
	});
	const token = tokenLabel(patterns.tokens.query[last] as string);
	return [
		wrap(
			`What the last token, ${last} ${token}, attends to in each head (whole patterns: --heads 0.1,1.2)`,
			width,
		),
		"",
		table(
			["HEAD", "STRONGEST", "SECOND", "THIRD"].map((title) => ({ title })),
			rows,
			width,
		),
	].join("\n");
}

/** A key as position and token. */
function describe({ tokens }: Patterns, key: number): string {
	return `${key} ${cutTo(tokenLabel(tokens.key[key] as string), LABEL)}`;
}

/** Positions of the largest values, largest first; zeros are left out. */
function strongest(row: readonly number[], count: number, first: number): number[] {
	return row
		.map((value, key) => ({ value, key }))
		.filter(({ value, key }) => value > 0 && key >= first)
		.sort((a, b) => b.value - a.value)
		.slice(0, count)
		.map(({ key }) => key);
}

/** The values under each of `cells` equal parts, the largest of each: a thin stripe stays visible. */
function pool(row: readonly number[], cells: number): number[] {
	return Array.from({ length: cells }, (_, i) => {
		const from = Math.floor((i * row.length) / cells);
		const to = Math.max(from + 1, Math.floor(((i + 1) * row.length) / cells));
		return Math.max(...row.slice(from, to));
	});
}

/** A value's character; what cannot be attended to (exactly 0) stays empty. */
function shade(value: number, scale: Scale): string {
	if (value === 0) return " ";
	const share = scale === "log" ? 1 + Math.log10(Math.max(value, 1e-4)) / 4 : value;
	return SHADES[Math.min(4, Math.max(0, Math.round(share * 4)))] as string;
}
