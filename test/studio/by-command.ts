/** What the page prints of its metrics, held against what the command line prints. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { MetricResult } from "headscope/experiments";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { root } from "../built.js";
import { Folder } from "../cli/run-cli.js";
import { expectAsInNode, TOLERANCE } from "./touching.js";

const run = promisify(execFile);

/** Columns of the command's table, in the order of the page's. */
const COLUMNS = ["BEFORE", "AFTER", "CHANGE", "RELATIVE"];

/** What `headscope run` makes of an experiment. */
interface ByCommand {
	/** The numbers that it saves. */
	readonly metrics: readonly MetricResult[];
	/** Its table: texts of `COLUMNS`, for each metric. */
	readonly printed: readonly (readonly string[])[];
}

async function runByCommand(experiment: string): Promise<ByCommand> {
	using folder = new Folder();
	const [file, out] = [folder.at("experiment.json"), folder.at("result.json")];
	await writeFile(file, experiment);
	const main = join(root, "dist/cli/main.js");
	const { stdout } = await run(process.execPath, [main, "run", file, "--out", out]);
	const { metrics } = JSON.parse(await readFile(out, "utf8")) as { metrics: MetricResult[] };
	const lines = stdout.split("\n");
	const head = lines.findIndex((line) => line.startsWith("METRIC "));
	const [titles = [], ...rows] = lines
		.slice(head, head + 1 + metrics.length)
		.map((line) => line.split(/ {2,}/));
	for (const row of rows) expect(row.length, row.join(" | ")).toBe(titles.length);
	return { metrics, printed: rows.map((row) => COLUMNS.map((title) => row[titles.indexOf(title)] ?? "")) };
}

/** What the page's table says, as it stands there. */
async function shownMetrics(page: Page): Promise<string[][]> {
	const rows = page.getByRole("table", { name: "Metrics" }).locator("tbody tr");
	return rows.evaluateAll((all) =>
		all.map((row) => [...row.querySelectorAll("td.number")].map((cell) => cell.textContent ?? "")),
	);
}

/** A printed number, a percentage as it is, and the worth of half its last digit. */
function readPrinted(text: string): { value: number; half: number } {
	const [, digits, decimals = "", exponent = "0"] =
		/^([+-]?\d+(?:\.(\d+))?)(?:e([+-]\d+))?(?: %)?$/.exec(text.replace("−", "-")) ?? [];
	if (digits === undefined) throw new Error(`no number is printed: "${text}"`);
	return { value: Number(`${digits}e${exponent}`), half: 0.5 * 10 ** (Number(exponent) - decimals.length) };
}

/**
 * Compares the page's metrics with those of `headscope run` for the experiment that the page saves: the numbers, and the
 * texts that either prints, as far as their digits go.
 * @returns the command's numbers, and the kinds of the interventions that it carried out
 */
export async function expectAsByCommand(
	page: Page,
): Promise<{ results: readonly MetricResult[]; kinds: string[] }> {
	let printed: ByCommand["printed"] = [];
	let kinds: string[] = [];
	const results = await expectAsInNode(page, async (text) => {
		const { interventions } = JSON.parse(text) as { interventions: { kind: string }[] };
		kinds = interventions.map(({ kind }) => kind);
		const found = await runByCommand(text);
		printed = found.printed;
		return found.metrics;
	});
	const shown = await shownMetrics(page);
	for (const [i, { metric, before, ...result }] of results.entries()) {
		for (const [k, title] of COLUMNS.entries()) {
			const [here = "", there = ""] = [shown[i]?.[k], printed[i]?.[k]];
			const percent = title === "RELATIVE";
			// what is relative to almost nothing is rounding
			if (percent && Math.abs(before) <= 1e-3) continue;
			const [a, b] = [readPrinted(here), readPrinted(there)];
			const scale = percent ? 100 * Math.max(1, Math.abs(result.relative)) : Math.max(1, Math.abs(b.value));
			expect(
				Math.abs(a.value - b.value),
				`${metric}, ${title}: the page prints ${here}, the command ${there}`,
			).toBeLessThanOrEqual(a.half + b.half + TOLERANCE * scale);
		}
	}
	return { results, kinds };
}
