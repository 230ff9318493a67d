import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StudioServer } from "../../src/studio/server/serve-node.js";
import { checkMemory } from "../../src/studio/service/page-memory.js";
import { root } from "../built.js";
import { openStudio, serveBuilt, settled, startBrowser } from "./open-studio.js";

const demoLlama = join(root, "assets/demo-llama");
const FILES = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];

let server: StudioServer;
let browser: Browser;

beforeAll(async () => {
	server = await serveBuilt();
	browser = await startBrowser();
});
afterAll(async () => {
	await browser?.close();
	await server?.[Symbol.asyncDispose]();
});

const payload = (name: string, buffer = readFileSync(join(demoLlama, name))) => ({
	name,
	mimeType: "application/octet-stream",
	buffer,
});
const alerts = (page: Page) => page.locator(".notices");
const nextToken = (page: Page): Promise<string | null> =>
	page.getByRole("region", { name: "Next token" }).getByRole("row").nth(1).textContent();

test("files of a model folder are opened, and a broken file leaves everything as it was", async () => {
	const { page } = await openStudio(browser, `${server.url}#v=1&model=demo-llama`);
	const bundled = await nextToken(page);
	const input = page.getByLabel("Open files");
	await input.setInputFiles(FILES.map((name) => payload(name)));
	await page
		.locator(".model-choice select")
		.locator("option:checked", { hasText: "file:model.safetensors" })
		.waitFor({ state: "attached" });
	await settled(page);
	expect(await nextToken(page)).toBe(bundled);
	// cut in the middle of its weights
	const cut = readFileSync(join(demoLlama, "model.safetensors")).subarray(0, 100_000);
	await input.setInputFiles([
		...FILES.slice(0, 3).map((name) => payload(name)),
		payload("model.safetensors", cut),
	]);
	await alerts(page).getByText("model.safetensors").waitFor();
	await page.getByLabel("Text").fill("moon king moon");
	await settled(page);
	expect(await page.getByRole("list", { name: "Tokens" }).getByRole("button").count()).toBe(3);
	await page.close();
});

test("a file that is nothing for this page is told so", async () => {
	const { page } = await openStudio(browser, server.url);
	await page.getByLabel("Open files").setInputFiles([payload("holiday.jpg", Buffer.from("not a model"))]);
	await alerts(page)
		.getByText(/holiday\.jpg/)
		.waitFor();
	expect(await nextToken(page)).toContain("king");
	await page.close();
});

test("a hub id is downloaded with progress, once, and kept by the browser", async () => {
	const context = await browser.newContext();
	const asked: string[] = [];
	await context.route("https://huggingface.co/**", async (route) => {
		const url = route.request().url();
		asked.push(`${route.request().method()} ${url.split("/").at(-1)}`);
		const name = url.split("/").at(-1) ?? "";
		if (!FILES.includes(name))
			return route.fulfill({ status: 404, headers: { "access-control-allow-origin": "*" } });
		await route.fulfill({
			body: readFileSync(join(demoLlama, name)),
			headers: { "access-control-allow-origin": "*", "content-type": "application/octet-stream" },
		});
	});
	const { page } = await openStudio(context as unknown as Browser, `${server.url}#v=1&model=demo-llama`);
	const bundled = await nextToken(page);
	await page.locator(".model-choice select").selectOption({ label: "another ..." });
	await page.getByLabel("Hub id or address").fill("somebody/demo-llama");
	await page.getByRole("button", { name: "Load" }).click();
	await page
		.locator(".model-choice select")
		.locator("option:checked", { hasText: "somebody/demo-llama" })
		.waitFor({ state: "attached" });
	await settled(page);
	expect(await nextToken(page)).toBe(bundled);
	const before = asked.filter((one) => one === "GET model.safetensors").length;
	await page.reload();
	await page.locator("body[data-looked]").waitFor({ timeout: 60_000 });
	expect(await nextToken(page)).toBe(bundled);
	const stored = await page.evaluate(
		"caches.open('headscope-weights').then((c) => c.keys()).then((k) => k.map((r) => r.url))",
	);
	expect(stored).toEqual(["https://huggingface.co/somebody/demo-llama/resolve/main/model.safetensors"]);
	expect(before).toBeGreaterThan(0);
	await context.close();
});

test("a model that is too large for a page is refused before it is downloaded, with its size", () => {
	const entry = { file: 0, dtype: "BF16", shape: [1_000_000, 1000] };
	const large = { entries: new Map([["a", entry]]) } as unknown as Parameters<typeof checkMemory>[0];
	expect(() => checkMemory(large, "owner/large")).toThrow(
		"owner/large: its weights take 4.0 GB as float32, a page holds up to 1.6 GB",
	);
	const small = { entries: new Map([["a", { ...entry, shape: [1000, 1000] }]]) };
	expect(() => checkMemory(small as unknown as Parameters<typeof checkMemory>[0], "x")).not.toThrow();
});
