import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../built.js";
import { startBrowser } from "../studio/open-studio.js";

// below the package, so that "headscope" is the package itself
mkdirSync(join(root, ".cache"), { recursive: true });
const folder = mkdtempSync(join(root, ".cache/display-"));
/** As a notebook of Observable does: what a cell's value is, is put into the page. */
const MAIN = `
import { Tensor } from "headscope";
import { toNode } from "headscope/display";
const pattern = Tensor.from([[1, 0], [0.25, 0.75]]);
const cells = [
	toNode(new Tensor("float32", [2, 2], pattern.data, ["query", "key"]), { tokens: ["<i>a</i>", "b"], title: "Head 0.0" }),
	toNode([{ head: "0.0", token: "<b>bold</b>", score: 0.5 }]),
	toNode("<!doctype html><p>inside</p>"),
	toNode({ a: 1 }),
];
document.body.append(...cells);
document.body.dataset.ready = "";
`;

let server: PreviewServer;
let browser: Browser;

beforeAll(async () => {
	writeFileSync(
		join(folder, "index.html"),
		'<!doctype html><body><script type="module" src="./main.js"></script>',
	);
	writeFileSync(join(folder, "main.js"), MAIN);
	const shared = {
		root: folder,
		configFile: false,
		logLevel: "warn",
		resolve: { conditions: ["hs-source", "browser", "module", "import", "default"] },
		worker: { format: "es" },
		build: { target: "es2023" },
		preview: { host: "127.0.0.1", port: 0, strictPort: false },
	} as const;
	await build(shared as never);
	server = await preview(shared as never);
	browser = await startBrowser();
});
afterAll(async () => {
	await browser?.close();
	await server?.close();
	rmSync(folder, { recursive: true, force: true });
});

test("figures, tables, pages and anything else are nodes of the page", async () => {
	const page = await browser.newPage();
	const complaints: string[] = [];
	page.on("pageerror", (error) => complaints.push(String(error)));
	await page.goto(server.resolvedUrls?.local[0] ?? "");
	await page.locator("body[data-ready]").waitFor({ state: "attached" });
	const figure = page.locator("body > svg");
	const { width = 0, height = 0 } = (await figure.boundingBox()) ?? {};
	expect(Math.min(width, height)).toBeGreaterThan(100);
	expect(await figure.textContent()).toContain("<i>a</i>");
	expect(await page.getByRole("cell").allTextContents()).toEqual(["0.0", "<b>bold</b>", "0.5"]);
	expect(await page.frameLocator("iframe").locator("p").textContent()).toBe("inside");
	expect(await page.locator("pre").textContent()).toBe('{\n  "a": 1\n}');
	expect(complaints).toEqual([]);
	await page.close();
});
