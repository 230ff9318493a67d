import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveBuilt, startBrowser } from "./open-studio.js";

/** Requests of the page and its worker before the first view, the document itself, models and ONNX Runtime's WASM left out. */
const MOST_REQUESTS = 9;

let browser: Browser;

beforeAll(async () => {
	browser = await startBrowser();
});
afterAll(() => browser?.close());

/** In a page or a worker: addresses that were asked for before a moment of the clock, models and ONNX Runtime's own files left out. */
function ownFiles(before: number): string[] {
	return performance
		.getEntriesByType("resource")
		.filter(({ startTime }) => performance.timeOrigin + startTime < before)
		.map(({ name }) => new URL(name).pathname)
		.filter((path) => !/^\/(?:models|ort)\//.test(path));
}

test("the first view waits for few files, and for none of what is shown later", async () => {
	await using server = await serveBuilt();
	const page = await browser.newPage();
	await page.addInitScript(() => {
		new MutationObserver((_, observer) => {
			if (document.body?.dataset.looked === undefined) return;
			observer.disconnect();
			document.body.dataset.lookedAt = String(performance.timeOrigin + performance.now());
		}).observe(document, { attributes: true, childList: true, subtree: true });
	});
	await page.goto(server.url);
	const at = await page.locator("body[data-looked-at]").getAttribute("data-looked-at", { timeout: 60_000 });
	const worker = page.workers().find((one) => one.url().includes("page-worker"));
	const asked = [
		...(await page.evaluate(ownFiles, Number(at))),
		...((await worker?.evaluate(ownFiles, Number(at))) ?? []),
	];
	expect(asked.length, asked.join(" ")).toBeLessThanOrEqual(MOST_REQUESTS);
	// the page's script, its worker's, and what that fetches itself: or not all was counted
	for (const name of ["index", "page-worker", "families"])
		expect(asked.filter((path) => path.startsWith(`/assets/${name}-`) && path.endsWith(".js"))).toHaveLength(
			1,
		);
	await page.close();
});
