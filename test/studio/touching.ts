import { readFile } from "node:fs/promises";
import { loadModel, type Model } from "headscope";
import { type MetricResult, parseExperiment, runExperiment } from "headscope/experiments";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { settled } from "./open-studio.js";

/** How far a page's numbers may be from Node's. */
export const TOLERANCE = 5e-5;

/** The panel of changes. */
export function changesOf(page: Page): Locator {
	return page.getByRole("region", { name: "Changes" });
}

/** Waits until everything shown belongs to what was last changed. */
export async function measured(page: Page): Promise<void> {
	await settled(page);
	await page.locator('.outcome [data-measuring="no"]').waitFor({ timeout: 60_000 });
}

/** The experiment that the page saves. */
export async function savedExperiment(page: Page): Promise<string> {
	const download = page.waitForEvent("download");
	await page.getByRole("button", { name: "Save as experiment" }).click();
	return readFile(await (await download).path(), "utf8");
}

/** The table of metrics: before, after, change and relative change of each, in full. */
export async function printedMetrics(page: Page): Promise<number[][]> {
	const rows = page.getByRole("table", { name: "Metrics" }).locator("tbody tr");
	return rows.evaluateAll((all) =>
		all.map((row) =>
			[...row.querySelectorAll("td.number")].map((cell) => Number(cell.getAttribute("title"))),
		),
	);
}

/** What the library in Node makes of an experiment about the demo model, which is opened once. */
export async function measuredInNode(text: string): Promise<readonly MetricResult[]> {
	// the experiment disposes of what it opened; the others go on with it
	const lent = Object.create(await demoInNode(), { dispose: { value: async () => {} } }) as Model;
	return (await runExperiment(parseExperiment(text), { loadModel: async () => lent, versions: {} })).metrics;
}

let demo: Promise<Model> | undefined;

/** The demo model of Node's side, which is opened once. */
export function demoInNode(): Promise<Model> {
	demo ??= loadModel("demo");
	return demo;
}

/** Ends the model of Node's side. */
export async function endNode(): Promise<void> {
	await (await demo)?.dispose();
	demo = undefined;
}

/**
 * Compares the page's metrics with Node's, for the very experiment that the page saves.
 * @param inNode carries it out; default on the demo model
 * @returns Node's
 */
export async function expectAsInNode(
	page: Page,
	inNode: (text: string) => Promise<readonly MetricResult[]> = measuredInNode,
): Promise<readonly MetricResult[]> {
	await measured(page);
	const printed = await printedMetrics(page);
	const expected = await inNode(await savedExperiment(page));
	expect(printed.length).toBe(expected.length);
	for (const [i, { metric, before, after, change, relative }] of expected.entries()) {
		// what is relative to almost nothing is rounding
		const shown = Math.abs(before) > 1e-3 ? [before, after, change, relative] : [before, after, change];
		for (const [k, value] of shown.entries()) {
			const got = printed[i]?.[k] as number;
			const close =
				Object.is(got, value) || Math.abs(got - value) <= TOLERANCE * Math.max(1, Math.abs(value));
			expect(close, `${metric}: ${got}, in Node ${value}`).toBe(true);
		}
	}
	return expected;
}
