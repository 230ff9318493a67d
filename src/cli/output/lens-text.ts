import { basename } from "node:path";
import { short } from "../../figures/colour.js";
import { tokenLabel } from "../../figures/token-label.js";
import type { DirectResult, LensResult } from "./lens-result.js";
import { type Column, cutTo, table } from "./table.js";

/** Widest token in a grid of several positions. */
const TOKEN = 9;

/** The lens as tables: of one position the best tokens, of several a grid of the best one. */
export function lensText(result: LensResult, width: number): string {
	const { labels, positions, top, predictions, targets, answer, wrong } = result;
	const parts = [headline(result)];
	if (predictions && targets) {
		const rows = [...predictions, targets];
		const named = { ...result, labels: [...labels, "true y"] };
		parts.push(grid(named, width, (p, i) => short(rows[p]?.[i] as number)));
	} else if (positions.length === 1) return [...parts, oneposition(result)].join("\n\n");
	else if (top) {
		const best = (p: number, i: number): string => {
			const found = top[p]?.[i]?.[0];
			return found ? `${cutTo(tokenLabel(found.token), TOKEN)} ${percent(found.probability)}` : "";
		};
		parts.push(`The best token, and its probability in %:\n${grid(result, width, best)}`);
	}
	for (const token of [answer, wrong]) {
		if (!token) continue;
		const cell = (p: number, i: number): string =>
			`${percent(token.probabilities[p]?.[i] as number)} (${token.ranks[p]?.[i]})`;
		parts.push(
			`${tokenLabel(token.token)}: probability in % (tokens above it)\n${grid(result, width, cell)}`,
		);
	}
	return parts.join("\n\n");
}

/** A row for each point: the best tokens, and what became of the answers. */
function oneposition({ labels, top, answer, wrong }: LensResult): string {
	const count = top?.[0]?.[0]?.length ?? 0;
	const answers = [answer, wrong].flatMap((token) => (token ? [token] : []));
	const columns: Column[] = [
		{ title: "STREAM" },
		...answers.flatMap(({ token }) => [
			{ title: tokenLabel(token), right: true },
			{ title: "ABOVE", right: true },
		]),
		...Array.from({ length: count }, (_, k) => ({ title: k === 0 ? "BEST TOKENS" : "" })),
	];
	const rows = labels.map((label, p) => [
		label,
		...answers.flatMap(({ probabilities, ranks }) => [
			`${percent(probabilities[p]?.[0] as number)}%`,
			String(ranks[p]?.[0]),
		]),
		...(top?.[p]?.[0] ?? []).map(({ token, probability }) => `${tokenLabel(token)} ${percent(probability)}%`),
	]);
	return table(columns, rows);
}

/** A column for each position, in as many tables as the width makes necessary. */
function grid(
	{ labels, positions, tokens }: LensResult,
	width: number,
	cell: (point: number, position: number) => string,
): string {
	const cells = labels.map((_, p) => positions.map((__, i) => cell(p, i)));
	const titles = positions.map((p) => `${p} ${cutTo(tokenLabel(tokens[p] as string), TOKEN)}`);
	const widths = titles.map(
		(title, i) => Math.max(title.length, ...cells.map((row) => (row[i] as string).length)) + 2,
	);
	const room = width - Math.max(6, ...labels.map((label) => label.length));
	const tables: string[] = [];
	for (let start = 0; start < positions.length; ) {
		let end = start + 1;
		let used = widths[start] as number;
		while (end < positions.length && used + (widths[end] as number) <= room) used += widths[end++] as number;
		const columns = [
			{ title: "STREAM" },
			...titles.slice(start, end).map((title) => ({ title, right: true })),
		];
		tables.push(
			table(
				columns,
				labels.map((label, p) => [label, ...(cells[p] as string[]).slice(start, end)]),
			),
		);
		start = end;
	}
	return tables.join("\n\n");
}

function headline(result: LensResult): string {
	const { tokens, positions, predictions } = result;
	const [first = 0] = positions;
	const where =
		positions.length === 1
			? `position ${first}, ${tokenLabel(tokens[first] as string)}`
			: `${positions.length} positions`;
	const what = predictions ? "what y each x is given" : "the final norm computed anew at each point";
	return `Logit lens of ${titleOf(result)} at ${where}: ${what}`;
}

/** The parts that add most, largest first, as a table; of several positions in their order. */
export function directText(result: DirectResult, top: number, width: number): string {
	const { parts, positions, tokens, total, remainder } = result;
	const size = (values: readonly number[]): number => values.reduce((sum, v) => sum + Math.abs(v), 0);
	const sorted = [...parts].sort((a, b) => size(b.values) - size(a.values));
	const shown = sorted.slice(0, top);
	const rest = sorted.slice(top);
	const across = Math.max(1, Math.floor((width - 24) / 11));
	const places = [...positions.keys()].slice(-across);
	const columns: Column[] = [
		{ title: "PART" },
		...places.map((i) => ({
			title: `${positions[i]} ${cutTo(tokenLabel(tokens[positions[i] as number] as string), TOKEN - 3)}`,
			right: true,
		})),
	];
	const row = (label: string, values: readonly number[]): string[] => [
		label,
		...places.map((i) => three(values[i] as number)),
	];
	const others = positions.map((_, i) => rest.reduce((sum, { values }) => sum + (values[i] as number), 0));
	const rows = [
		...shown.map(({ label, values }) => row(label, values)),
		...(rest.length > 0 ? [row(`${rest.length} others`, others)] : []),
		...(remainder.some((value) => Math.abs(value) > 1e-3) ? [row("remainder", remainder)] : []),
		row("total", total),
	];
	const hidden = positions.length - places.length;
	const note = hidden > 0 ? `\n\n${hidden} earlier positions are left out; --json has all` : "";
	return `${directHeadline(result)}\n\n${table(columns, rows)}${note}`;
}

export function directHeadline(result: DirectResult): string {
	const { answer, wrong, by } = result;
	const what =
		answer === null
			? "the prediction of y"
			: wrong === null
				? `the logit of ${tokenLabel(answer)}`
				: `the logit of ${tokenLabel(answer)} minus that of ${tokenLabel(wrong)}`;
	return `What each ${by} of ${titleOf(result)} adds to ${what}`;
}

/** A model as a title names it: of a path its last part, of a run with the checkpoint's step. */
export function titleOf({ model, run }: Pick<LensResult, "model" | "run">): string {
	const name = /^[./~]|\/.*\/|\\/.test(model) ? basename(model) : model;
	const step = run?.step ?? null;
	return step === null ? name : `${name.replace(/@\d+$/, "")}, step ${step}`;
}

/** 3 decimals with a sign, so that columns line up. */
function three(value: number): string {
	const text = value.toFixed(3);
	return text.startsWith("-") ? text : `+${text}`;
}

function percent(probability: number): string {
	const value = 100 * probability;
	return value >= 9.95
		? value.toFixed(0)
		: value >= 0.095
			? value.toFixed(1)
			: value >= 0.0095
				? value.toFixed(2)
				: "0";
}
