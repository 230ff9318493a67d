import { loadModel } from "headscope";
import { parseExperiment, runExperiment } from "headscope/experiments";
import { expect, test } from "vitest";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

const studio = studioOfFile();

/** The probability of the next token "king", by the library in Node. */
async function probability(interventions: readonly object[]): Promise<number> {
	const experiment = parseExperiment(
		JSON.stringify({
			model: "demo",
			prompts: "red fox moon bread king red fox moon bread",
			interventions,
			metrics: [{ kind: "log-probability", answers: ["king"] }],
		}),
	);
	const { metrics } = await runExperiment(experiment, { loadModel, versions: {} });
	return Math.exp(metrics[0]?.after as number);
}

test("wiping the previous-token head takes the answer away, by as much as the library says", async () => {
	const { page, complaints } = await openStudio(studio.browser, studio.server.url);
	const king = page.getByRole("region", { name: "Next token" }).getByRole("row", { name: "king" });
	const shown = async (column: number): Promise<number> =>
		Number(await king.getByRole("cell").nth(column).textContent());
	expect(await shown(0)).toBeCloseTo(await probability([]), 4);
	await page.getByRole("button", { name: "Head 0.1", exact: true }).press("x");
	await settled(page);
	expect(await shown(0)).toBeCloseTo(await probability([]), 4);
	expect(await shown(1)).toBeCloseTo(await probability([{ kind: "zero", heads: ["0.1"] }]), 4);
	expect(await shown(1)).toBeLessThan(0.2);
	await page.keyboard.press("Control+z");
	await settled(page);
	expect(await king.getByRole("cell").count()).toBe(1);
	expect(complaints).toEqual([]);
	await page.close();
});

test("typing shows the new text's tokens and patterns", async () => {
	const { page } = await openStudio(studio.browser, studio.server.url);
	await page.getByLabel("Text").fill("moon moon moon");
	await settled(page);
	expect(await page.getByRole("list", { name: "Tokens" }).getByRole("button").allInnerTexts()).toEqual([
		"moon",
		"moon",
		"moon",
	]);
	const side = await page.locator(".head-large canvas.drawing").getAttribute("width");
	expect(side).toBe("3");
	await page.close();
});
