/** Values as weights, and heads that share keys and values, with a model that the engine in Node has. */
import { fileURLToPath } from "node:url";
import { loadModel, type Model } from "headscope";
import { valueWeightedPatterns } from "headscope/lens";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { nodeHost } from "../../src/studio/server/host-node.js";
import { cellsOf, pointAt, tableOf } from "./heads-page.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

/** Three layers of four heads, two of which share keys and values each. */
const GROUPED = fileURLToPath(
	new URL("../reference/lm/models/rand-llama-tied-gqa-theta5e5", import.meta.url),
);
const TEXT = "t3 t4 t5 t6 t3 t4 t5";

// each opens a page of its own, beside other tests
vi.setConfig({ testTimeout: 120_000 });

const studio = studioOfFile({ host: nodeHost({ models: [GROUPED], versions: {} }) });
let model: Model;

beforeAll(async () => {
	model = await loadModel(GROUPED);
});
afterAll(() => model?.dispose());

test("patterns weighted by values are the library's, and groups of heads are marked", async () => {
	const scene = new URLSearchParams({
		v: "1",
		model: GROUPED,
		prompts: JSON.stringify([TEXT]),
		head: "2.3",
		score: "previous-token",
	});
	const { page, complaints } = await openStudio(studio.browser, `${studio.server.url}#${scene}`);
	const cells = cellsOf(page, "2.3");
	await cells.waitFor();
	expect(await page.locator(".kv-group").allTextContents()).toEqual(["kv 0", "kv 1"]);
	expect(await page.locator('.head[data-head="2.1"] .kv').textContent()).toBe(" kv0");
	expect(await page.locator('.head[data-head="2.2"] .kv').textContent()).toBe(" kv1");
	expect(
		await page.getByRole("button", { name: "Head 2.3", exact: true }).getAttribute("aria-description"),
	).toContain("kv head 1");

	await page.locator(".head-large .matrix-table summary").click();
	const size = model.tokenize(TEXT).ids.length;
	for (const values of ["pattern", "value"]) {
		await page.getByRole("combobox", { name: "Values", exact: true }).selectOption(values);
		await settled(page);
		const names = "blocks.2.attn.hook_pattern";
		const all =
			values === "value"
				? (await valueWeightedPatterns(model, TEXT)).get(2)
				: (await model.runWithCache(TEXT, { names })).cache.get(names);
		const expected = all?.select(0).select(3);
		for (const query of [size - 1, 3]) {
			await pointAt(page, cells, size, query, 0);
			await page.locator(".matrix-table caption", { hasText: `query ${query} ` }).waitFor();
			const rows = await tableOf(page);
			expect(rows).toHaveLength(query + 1);
			for (const [key, , value] of rows) {
				const exact = Number(expected?.data[query * size + Number(key)]);
				expect(Math.abs(Number(value) - exact), `${values}, ${query} -> ${key}`).toBeLessThan(5e-5);
			}
		}
	}
	expect(await page.locator(".colour-bar").first().textContent()).toContain("||attention × value||");
	expect(complaints).toEqual([]);
	await page.close();
});
