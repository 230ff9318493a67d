import { readFile, writeFile } from "node:fs/promises";
import type { BenchResult, Row } from "./bench.js";
import { FOREIGN_CPU_ALLOWED, goal, quantity, span } from "./report.js";

/** Puts a result in place of the one that a document holds between `<!-- bench: NAME -->` and `<!-- /bench -->`. */
export async function rewrite(path: string, result: BenchResult): Promise<void> {
	const text = await readFile(path, "utf8");
	await writeFile(path, withResult(text, result, path));
}

/** @throws {Error} for a document without a place for this bench */
export function withResult(text: string, result: BenchResult, where: string): string {
	const [open, close] = [`<!-- bench: ${result.bench} -->`, "<!-- /bench -->"];
	const start = text.indexOf(open);
	const end = text.indexOf(close, start);
	if (start < 0 || end < 0) throw new Error(`${where}: no lines ${open} and ${close} around its table`);
	return `${text.slice(0, start + open.length)}\n\n${printMarkdown(result)}\n\n${text.slice(end)}`;
}

/** A line per case, a column per rival, and what was measured with what. */
export function printMarkdown(result: BenchResult): string {
	const rivals = [...new Set(result.rows.map(({ rivalName }) => rivalName))];
	const cases = [...new Set(result.rows.map((row) => row.case))];
	const lines = cases.map((name) => {
		const rows = result.rows.filter((row) => row.case === name);
		const [first] = rows as [Row];
		const ours =
			first.ours === null ? "" : `${quantity(first.ours)} ${first.unit} ${span(first.spread.ours)}`.trim();
		const judged = rows.find((row) => row.goal !== null);
		return [
			name,
			ours,
			...rivals.map((rival) => ratio(rows.find(({ rivalName }) => rivalName === rival))),
			judged ? `${goal(judged)} (${judged.rivalName})` : "",
		];
	});
	const header = ["case", "headscope", ...rivals.map((name) => `/ ${name}`), "goal"];
	const table = [header, header.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`);
	return [...table, "", about(result)].join("\n");
}

function ratio(row: Row | undefined): string {
	if (!row) return "";
	return row.ratio === null ? "-" : `${row.ratio.toFixed(2)} ${span(row.spread.ratio, 2)}`.trim();
}

function about({ machine, sides, threads, foreignCpu, rows }: BenchResult): string {
	const rounds = [...new Set(rows.map((row) => row.rounds))].sort((a, b) => a - b);
	const busy = foreignCpu === null ? "" : `, other programs ${foreignCpu.toFixed(2)} cores`;
	const warning = (foreignCpu ?? 0) > FOREIGN_CPU_ALLOWED ? " (too busy: not to be trusted)" : "";
	const versions = sides.map(
		({ name, versions }) =>
			`${name}: ${Object.entries(versions)
				.map((entry) => entry.join(" "))
				.join(", ")}`,
	);
	return [
		`Median [smallest..largest] of ${rounds.join(" to ")} interleaved rounds, ${threads} threads; ratios are ours / theirs.`,
		`${Object.entries(machine)
			.map(([key, value]) => `${key} ${value}`)
			.join(", ")}${busy}${warning}.`,
		`${versions.join("; ")}.`,
	].join("\n");
}
