import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StudioServer } from "../../src/studio/server/serve-node.js";
import { openStudio, serveBuilt, settled, startBrowser } from "./open-studio.js";

let server: StudioServer;
let browser: Browser;

beforeAll(async () => {
	server = await serveBuilt();
	browser = await startBrowser({ webgpu: true });
});
afterAll(async () => {
	await browser?.close();
	await server?.[Symbol.asyncDispose]();
});

test("WebGPU gives what WASM gives", async () => {
	const shares: number[][] = [];
	for (const engine of ["webgpu", "wasm"]) {
		const { page } = await openStudio(browser, `${server.url}?engine=${engine}`);
		expect(await page.getByRole("status").first().textContent()).toMatch(
			engine === "webgpu" ? /^WebGPU$/ : /^WASM/,
		);
		await page.getByRole("button", { name: "Head 0.1", exact: true }).press("x");
		await settled(page);
		const rows = page.getByRole("region", { name: "Next token" }).getByRole("row", { name: "king" });
		await rows.getByRole("cell").nth(1).waitFor();
		shares.push((await rows.getByRole("cell").allTextContents()).map(Number));
		await page.close();
	}
	const [gpu = [], wasm = []] = shares;
	expect(gpu).toHaveLength(2);
	for (const [i, share] of gpu.entries()) expect(share).toBeCloseTo(wasm[i] as number, 3);
}, 240_000);

test("where a browser has no WebGPU the page computes with WASM and says why", async () => {
	const plain = await startBrowser();
	try {
		const { page } = await openStudio(plain, `${server.url}?engine=webgpu`);
		expect(await page.getByRole("status").first().textContent()).toMatch(
			/^WASM, \d+ threads?; no WebGPU: \S/,
		);
		await page.getByRole("button", { name: "Head 0.1", exact: true }).press("x");
		await settled(page);
		await page.getByRole("button", { name: "Head 0.1, ablated", exact: true }).waitFor();
		await page.close();
	} finally {
		await plain.close();
	}
}, 240_000);
