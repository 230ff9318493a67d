import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeStatic } from "../../src/studio/server/static-copy-node.js";
import { requireBuilt } from "../built.js";
import { openStudio, settled, startBrowser } from "./open-studio.js";

const parent = mkdtempSync(join(tmpdir(), "headscope-static-"));
const folder = join(parent, "site");
const TYPES: Readonly<Record<string, string>> = {
	".html": "text/html",
	".js": "text/javascript",
	".mjs": "text/javascript",
	".css": "text/css",
	".wasm": "application/wasm",
	".svg": "image/svg+xml",
};
let server: Server;
let browser: Browser;
let url: string;

beforeAll(async () => {
	requireBuilt();
	await writeStatic(folder);
	// a host that knows files and types and sends no header of ours; the page lies in a folder, as on many hosts
	server = createServer(({ url: asked = "/" }, response) => {
		const path = new URL(asked, "http://localhost").pathname.replace(/^\/some\/place\//, "/");
		const file = join(folder, path === "/" ? "index.html" : path);
		if (!asked.startsWith("/some/place/") || !existsSync(file)) return void response.writeHead(404).end();
		response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
		createReadStream(file).pipe(response);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/place/`;
	browser = await startBrowser();
});
afterAll(async () => {
	await browser?.close();
	server?.close();
	rmSync(parent, { recursive: true, force: true });
});

test("a host that sends no headers: the service worker isolates the page, and it works offline", async () => {
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(url);
	await page.locator("body[data-looked]").waitFor({ timeout: 60_000 });
	expect(await page.evaluate("crossOriginIsolated")).toBe(true);
	expect(await page.getByRole("status").first().textContent()).toMatch(/WASM, \d+ threads?$/);
	const king = page.getByRole("region", { name: "Next token" }).getByRole("row", { name: "king" });
	const before = await king.textContent();
	await context.setOffline(true);
	server.closeAllConnections();
	await page.reload({ waitUntil: "commit" });
	await page.locator("body[data-looked]").waitFor({ timeout: 60_000 });
	expect(await king.textContent()).toBe(before);
	await context.close();
});

test("without a service worker the page computes in one thread and says so", async () => {
	const context = await browser.newContext({ serviceWorkers: "block" });
	const { page } = await openStudio(context as unknown as Browser, url);
	expect(await page.evaluate("crossOriginIsolated")).toBe(false);
	expect(await page.getByRole("status").first().textContent()).toMatch(
		"1 thread, since this page is not isolated from other origins",
	);
	await page.getByRole("button", { name: "Head 0.1", exact: true }).press("x");
	await settled(page);
	await context.close();
});

test("the page brings a policy that lets WASM be compiled and no script but its own run", async () => {
	const { page } = await openStudio(browser, url);
	const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
	expect(policy?.split("; ")).toEqual(
		expect.arrayContaining([
			"default-src 'none'",
			"script-src 'self' 'wasm-unsafe-eval'",
			"style-src 'self'",
		]),
	);
	expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*(?!\.)/);
	const ran = await page.evaluate(() => {
		document.body.append(Object.assign(document.createElement("script"), { text: "window.ran = 1" }));
		return "ran" in window;
	});
	expect(ran).toBe(false);
	await page.close();
});

test("a folder with files in it is left alone", async () => {
	await expect(writeStatic(folder)).rejects.toThrow(/has files in it; give a new or an empty folder/);
});
