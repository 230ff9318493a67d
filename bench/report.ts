import type { BenchResult, Range, Row } from "./bench.js";

/** More than this, in cores, and a time is of the machine's other work as much as of a side. */
export const FOREIGN_CPU_ALLOWED = 0.1;

/** The result as text: machine, sides with versions, and one line per case and rival. */
export function printTable(result: BenchResult): string {
	const header = ["case", "ours", "rival", "", "ratio", "goal"];
	const lines = result.rows.map((row, i) => [
		row.case === result.rows[i - 1]?.case ? "" : row.case,
		row.ours === null ? "-" : `${quantity(row.ours)} ${row.unit} ${span(row.spread.ours)}`,
		row.rivalName,
		`${quantity(row.rival)} ${row.unit} ${span(row.spread.rival)}`,
		row.ratio === null ? "-" : `${row.ratio.toFixed(2)} ${span(row.spread.ratio, 2)}`,
		goal(row),
	]);
	const table = [header, ...lines];
	const widths = header.map((_, column) => Math.max(...table.map((line) => (line[column] ?? "").length)));
	const text = table.map((line) =>
		line
			.map((cell, i) => cell.padEnd(widths[i] ?? 0))
			.join("  ")
			.trimEnd(),
	);
	const { machine } = result;
	return [
		`${result.bench}: median [min..max] of interleaved rounds, ${result.threads} threads`,
		Object.entries(machine)
			.map(([name, value]) => `${name} ${value}`)
			.join(", "),
		...(result.foreignCpu === null ? [] : [foreign(result.foreignCpu)]),
		...result.sides.map(({ name, versions, idleCpu }) => {
			const list = Object.entries(versions).map((entry) => entry.join(" "));
			if (idleCpu !== null) list.push(`${(100 * idleCpu).toFixed(1)}% of a core while idle`);
			return `  ${name}: ${list.join(", ")}`;
		}),
		"",
		...text,
	].join("\n");
}

/** The result as one JSON document, numbers to 4 significant digits. */
export function printJson(result: BenchResult): string {
	const rounded = (_: string, value: unknown): unknown =>
		typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
	return JSON.stringify(result, rounded, 2);
}

function foreign(cores: number): string {
	const warning = cores > FOREIGN_CPU_ALLOWED ? "; TOO MUCH: the times below are not to be trusted" : "";
	return `other programs used ${cores.toFixed(2)} cores meanwhile${warning}`;
}

/** The goal of a row, and whether it was met. */
export function goal(row: Row): string {
	if (row.goal === null) return "";
	if (row.ratio === null) return `<= ${row.goal}`;
	return `<= ${row.goal} ${row.ratio <= row.goal ? "met" : "MISSED"}`;
}

/** Three digits of a number. */
export function quantity(value: number): string {
	return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Smallest and largest, where they differ. */
export function span(range: Range | null, digits?: number): string {
	if (!range || range[0] === range[1]) return "";
	return `[${range.map((value) => (digits === undefined ? quantity(value) : value.toFixed(digits))).join("..")}]`;
}
