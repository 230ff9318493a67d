/** Prompts side by side, the BOS, ids, losses and sample texts; numbers are the library's in Node. */
import { loadModel, type Model, nextTokenLoss } from "headscope";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { eventually, PROMPT } from "./heads-page.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

// each opens a page of its own, beside other tests
vi.setConfig({ testTimeout: 120_000 });

const studio = studioOfFile();
let model: Model;

beforeAll(async () => {
	model = await loadModel("demo");
});
afterAll(() => model?.dispose());

const tokens = (page: Page, name = "Tokens"): Locator =>
	page.getByRole("list", { name, exact: true }).getByRole("button");
/** Tokens of the prompt whose heads are shown. */
const drawn = (page: Page): Promise<string | null> =>
	page.locator(".head-large .drawing").first().getAttribute("width");

/** The mean loss of a text by the library, as the page prints it. */
async function meanLoss(text: string, bos = false): Promise<string> {
	return (await nextTokenLoss(model, [model.tokenize(text, { bos }).ids])).toFixed(3);
}

test("prompts stand side by side, each with its tokens, loss and next token; one is chosen for the heads", async () => {
	const { page, complaints } = await openStudio(studio.browser, studio.server.url);
	const prompt = page.getByRole("region", { name: "Prompt", exact: true });
	expect(await prompt.textContent()).toContain(`mean loss ${await meanLoss(PROMPT)} nats`);
	await page.getByRole("button", { name: "Add a prompt" }).click();
	const second = page.getByLabel("Text 2", { exact: true });
	await second.fill("moon moon king");
	await settled(page);
	expect(await tokens(page, "Tokens, prompt 2").allTextContents()).toEqual(["moon", "moon", "king"]);
	expect(await tokens(page).count()).toBe(9);
	expect(await prompt.textContent()).toContain(`mean loss ${await meanLoss("moon moon king")} nats`);
	expect(await prompt.locator("table").count()).toBe(2);
	// whoever types in a prompt looks at its heads
	await eventually(() => drawn(page)).toBe("3");
	await prompt.getByRole("button", { name: "show", exact: true }).click();
	await eventually(() => drawn(page)).toBe("9");
	// a token of the other prompt chooses that prompt, and locks
	await tokens(page, "Tokens, prompt 2").nth(1).click();
	await eventually(() => drawn(page)).toBe("3");
	expect(await tokens(page, "Tokens, prompt 2").nth(1).getAttribute("aria-pressed")).toBe("true");
	await page.reload();
	await page.locator("body[data-looked]").waitFor();
	await eventually(() => drawn(page)).toBe("3");
	await prompt.getByRole("button", { name: "remove", exact: true }).nth(1).click();
	await settled(page);
	expect(await second.count()).toBe(0);
	await eventually(() => drawn(page)).toBe("9");
	expect(complaints).toEqual([]);
	await page.close();
});

test("the BOS can be put in front, ids are shown on demand, and losses follow changes", async () => {
	const { page } = await openStudio(studio.browser, studio.server.url);
	expect(await tokens(page).count()).toBe(9);
	await page.getByLabel("BOS in front").check();
	await settled(page);
	expect((await tokens(page).allTextContents())[0]).toBe("<s>");
	expect(page.url()).toContain("bos=true");
	const prompt = page.getByRole("region", { name: "Prompt", exact: true });
	await eventually(() => prompt.textContent()).toContain(`mean loss ${await meanLoss(PROMPT, true)} nats`);
	await page.getByLabel("token ids").check();
	const ids = await prompt.locator(".tokens small").allTextContents();
	expect(ids.map(Number)).toEqual(model.tokenize(PROMPT, { bos: true }).ids);
	await page.getByLabel("BOS in front").uncheck();
	await settled(page);
	expect(await tokens(page).count()).toBe(9);
	expect(page.url()).not.toContain("bos");

	await page.getByRole("button", { name: "Head 0.1", exact: true }).press("x");
	await settled(page);
	const { logits } = await model.runWithCache(PROMPT, { interventions: [{ kind: "zero", heads: ["0.1"] }] });
	const vocab = model.config.vocab;
	const row = Array.from(logits.data.subarray(5 * vocab, 6 * vocab), Number);
	const most = Math.max(...row);
	const sum = row.reduce((total, logit) => total + Math.exp(logit - most), 0);
	const fox = model.tokenize(PROMPT).ids[6] as number;
	const loss = Math.log(sum) + most - (row[fox] as number);
	expect(await tokens(page).nth(6).getAttribute("title")).toContain(`changed ${loss.toFixed(3)} nats`);
	await page.close();
});

test("sample makers put texts into the prompt", async () => {
	const { page } = await openStudio(studio.browser, studio.server.url);
	const text = page.getByLabel("Text", { exact: true });
	const press = async (name: string): Promise<string[]> => {
		const before = await text.inputValue();
		await page.getByRole("button", { name, exact: true }).click();
		await eventually(() => text.inputValue()).not.toBe(before);
		await settled(page);
		expect(await page.locator(".notices .problem").count()).toBe(0);
		return (await text.inputValue()).split(" ");
	};
	const abxa = await press("A B X.. A");
	expect(abxa.at(-1)).toBe(abxa[0]);
	expect(new Set(abxa).size).toBe(abxa.length - 1);
	expect(await tokens(page).allTextContents()).toEqual(abxa);
	const repeated = await press("repeated words");
	expect(repeated.slice(repeated.length / 2)).toEqual(repeated.slice(0, repeated.length / 2));
	for (const title of ["Poet", "Ring", "Fox"]) await press(title);
	await page.close();
});

test("a huge text is refused in words, and the page goes on", async () => {
	const { page } = await openStudio(studio.browser, studio.server.url);
	const text = page.getByLabel("Text", { exact: true });
	const problem = page.locator(".notices .problem");
	await text.fill("moon ".repeat(1000));
	await eventually(() => problem.first().textContent()).toContain(
		"1000 tokens, but the model's context is 32",
	);
	await text.fill("moon ".repeat(60_000));
	await eventually(() => problem.first().textContent()).toContain("200000");
	expect((await text.inputValue()).length).toBe(300_000);
	await text.fill("moon king");
	await settled(page);
	await eventually(() => problem.count()).toBe(0);
	expect(await tokens(page).allTextContents()).toEqual(["moon", "king"]);
	await page.close();
});
