import type { ExperimentResult, MetricResult } from "../../experiments/index.js";
import { counted } from "../../shared/counted.js";
import { type Column, table } from "./table.js";

/** An experiment's metrics as a table, with what it was made of. */
export function experimentText({
	title,
	experiment,
	model,
	metrics,
	sha256,
	versions,
}: ExperimentResult): string {
	const counts = [...new Set(metrics.map(({ rows }) => rows))];
	const [first = 0] = counts;
	const same = counts.length === 1 ? `, ${counted(first, "row")}` : "";
	const interval = metrics.some(({ low }) => !Number.isNaN(low));
	const columns: (Column & { cell: (metric: MetricResult) => string })[] = [
		{ title: "METRIC", cell: ({ metric }) => metric },
		...(same ? [] : [{ title: "ROWS", right: true, cell: ({ rows }: MetricResult) => String(rows) }]),
		{ title: "BEFORE", right: true, cell: ({ before }) => digits(before) },
		{ title: "AFTER", right: true, cell: ({ after }) => digits(after) },
		{ title: "CHANGE", right: true, cell: ({ change }) => signed(change) },
		...(interval ? [{ title: "95% INTERVAL", right: true, cell: intervalOf }] : []),
		{ title: "RELATIVE", right: true, cell: ({ relative }) => percent(relative) },
	];
	const rows = metrics.map((metric) => columns.map(({ cell }) => cell(metric)));
	const made = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
	const single = metrics.some(({ rows }) => rows === 1) ? ["a single row has no interval"] : [];
	return [
		`${title ?? experiment}: ${model}${same}`,
		table(columns, rows),
		[...single, `sha256 ${sha256}`, made.join(", ")].join("\n"),
	].join("\n\n");
}

/** Four digits that count: metrics differ by orders of magnitude. */
function digits(value: number): string {
	if (!Number.isFinite(value)) return "-";
	return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

function signed(value: number): string {
	return value > 0 ? `+${digits(value)}` : digits(value);
}

function intervalOf({ low, high }: MetricResult): string {
	return Number.isNaN(low) ? "-" : `${signed(low)} .. ${signed(high)}`;
}

function percent(share: number): string {
	if (!Number.isFinite(share)) return "-";
	const text = (100 * share).toFixed(1);
	return `${share > 0 ? "+" : ""}${text === "-0.0" ? "0.0" : text} %`;
}
