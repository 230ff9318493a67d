import { readFileSync } from "node:fs";
import { loadModel } from "headscope";
import { describeRun } from "headscope/icl";
import { checkpointSteps, resolveRun } from "headscope/node";
import { scoreHeads } from "headscope/scores";
import type { PythonDict } from "headscope/train";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import type { Phase, ShippedRun } from "../../src/studio/service/checkpoint-host.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

function asset<T>(name: string): T {
	return JSON.parse(readFileSync(new URL(`../../assets/${name}`, import.meta.url), "utf8")) as T;
}

describe("what is written of trainings for pages", () => {
	test.each(["demo", "demo-llama"])("%s: its steps, and the scores of the first and last", async (model) => {
		const { steps, loss, scores } = asset<Phase>(`${model}/phase.json`);
		expect(steps).toEqual(await checkpointSteps(model));
		expect(loss).toHaveLength(steps.length);
		for (const [i, step] of [
			[0, steps[0]],
			[steps.length - 1, steps.at(-1)],
		] as const) {
			await using at = await loadModel(`${model}@${step}`);
			const found = await scoreHeads(at, Object.keys(scores));
			for (const [name, { values, ranking }] of found) {
				expectNear(scores[name]?.values[i]?.flat() ?? [], values.flat());
				expect(scores[name]?.best[i]?.head).toBe(ranking[0]?.head);
			}
		}
	});

	test("the runs: their names, steps and metrics", async () => {
		const runs = asset<ShippedRun[]>("runs/runs.json");
		expect(runs.map(({ label }) => label)).toEqual(["M=1", "M=4", "M=64", "M=65536"]);
		for (const { label, settings, phase, metrics } of runs) {
			await using run = await resolveRun(label);
			expect(describeRun(settings as PythonDict).names).toEqual(run.names);
			expect(phase.steps).toEqual(await run.steps());
			// with more tasks dMMSE takes seconds
			if (label === "M=65536") continue;
			const found = (await run.evaluate()).metrics;
			expectNear(
				Object.keys(found).map((name) => metrics[name]?.at(-1) as number),
				Object.values(found),
			);
		}
	});
});

describe("the slider of the heads view", () => {
	const studio = studioOfFile();
	let page: Page;
	let complaints: readonly string[];

	beforeAll(async () => {
		({ page, complaints } = await openStudio(studio.browser, studio.server.url));
	});

	/** The likeliest next token, by the library in Node. */
	async function likeliest(ref: string): Promise<{ token: string; probability: number }> {
		await using model = await loadModel(ref);
		const logits = (await model.run("red fox moon bread king red fox moon bread")).select(0);
		const last = Array.from(logits.select(-1).data);
		const most = Math.max(...last);
		const probability = 1 / last.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
		return { token: model.tokenizer?.displayText(last.indexOf(most)) ?? "", probability };
	}

	test("goes from no induction head to one, with the library's scores", async () => {
		const region = page.getByRole("region", { name: "Training of demo", exact: true });
		await region.getByText("Values at each step").click();
		const rows = region.locator("tbody tr");
		const heads = await region.locator("thead th").allInnerTexts();
		const best = heads.indexOf("induction, best head") - 1;
		const at = async (row: number): Promise<number> =>
			Number(await rows.nth(row).locator("td").nth(best).textContent());
		const count = await rows.count();
		for (const [row, step] of [
			[0, 0],
			[count - 1, 3999],
		] as const) {
			await using model = await loadModel(`demo@${step}`);
			const { ranking } = await scoreHeads(model, "induction-repeat");
			expectNear([await at(row)], [ranking[0]?.score as number]);
		}
		expect(await at(0)).toBeLessThan(0.2);
		expect(await at(count - 1)).toBeGreaterThan(0.8);
	});

	test("shows the model as it was at the step, and keeps the head that is watched", async () => {
		const slider = page.getByRole("slider", { name: "Training of demo: step" });
		const rows = page.getByRole("region", { name: "Next token" }).locator("tbody tr");
		for (const [key, ref] of [
			["ArrowLeft", "demo@2500"],
			["Home", "demo@0"],
			["End", "demo"],
		] as const) {
			await slider.press(key);
			await settled(page);
			expect(new URL(page.url()).hash.includes(encodeURIComponent(ref))).toBe(ref !== "demo");
			const { token, probability } = await likeliest(ref);
			expect(await rows.first().getByRole("rowheader").textContent()).toContain(token);
			expect(Number(await rows.first().getByRole("cell").first().textContent())).toBeCloseTo(probability, 4);
		}
		expect(complaints).toEqual([]);
	});
});

/** Files have seven digits, tables five decimals. */
function expectNear(found: readonly number[], wanted: readonly number[]): void {
	expect(found.length).toBe(wanted.length);
	for (const [i, value] of found.entries())
		expect(Math.abs(value - (wanted[i] as number)), `entry ${i}`).toBeLessThan(5.5e-5);
}
