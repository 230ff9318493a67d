import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ForceOps, RunOps } from "./pages/engine.js";

const root = fileURLToPath(new URL("pages/", import.meta.url));
const outDir = fileURLToPath(new URL("../../node_modules/.cache/headscope-engine-page/", import.meta.url));
/** Threads of the WASM runtime need a page that is isolated from other origins. */
const headers = {
	"Cross-Origin-Opener-Policy": "same-origin",
	"Cross-Origin-Embedder-Policy": "require-corp",
};

let server: PreviewServer;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
	const shared = {
		root,
		configFile: false,
		logLevel: "warn",
		resolve: { conditions: ["hs-source", "browser", "module", "import", "default"] },
		worker: { format: "es" },
		build: { outDir, emptyOutDir: true, target: "es2023", rollupOptions: { input: `${root}engine.html` } },
		preview: { host: "127.0.0.1", port: 0, strictPort: false, headers },
	} as const;
	await build(shared as never);
	server = await preview(shared as never);
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: [
			"--no-sandbox",
			"--enable-unsafe-webgpu",
			"--enable-features=Vulkan",
			"--use-webgpu-adapter=swiftshader",
			"--use-angle=swiftshader",
		],
	});
	page = await browser.newPage();
	page.on("console", (message) => complaints.push(message.text()));
	page.on("pageerror", (error) => complaints.push(String(error)));
	await page.goto(`${server.resolvedUrls?.local[0]}engine.html`);
	await page.waitForFunction("globalThis.runOps !== undefined", undefined, { timeout: 30_000 });
});

afterAll(async () => {
	await browser?.close();
	await server?.close();
});

/** How far a provider may be from the host's kernels: WGSL's sine and cosine are good to 2^-11. */
const TOLERANCE = { wasm: 2e-5, webgpu: 2 ** -11 };

test.each([
	{ provider: "wasm", thread: "same", threads: 1 },
	{ provider: "wasm", thread: "worker", threads: 2 },
	{ provider: "webgpu", thread: "worker", threads: 1 },
] as const)(
	"every op's examples on $provider ($thread)",
	async (options) => {
		const { provider, isolated, outcomes } = await page.evaluate(
			(o) => (globalThis as unknown as { runOps: RunOps }).runOps(o),
			options,
		);
		expect([provider, isolated]).toEqual([options.provider, true]);
		const refused = outcomes.filter((o) => String(o.difference).startsWith(`TypeError: compile: ${o.op}(`));
		const wrong = outcomes.filter(
			(o) => !refused.includes(o) && !((o.difference as number) <= TOLERANCE[provider]),
		);
		expect({ wrong, complaints }).toEqual({ wrong: [], complaints: [] });
		expect(outcomes.length - refused.length).toBeGreaterThan(200);
		// what a provider cannot run is refused while compiling, and this is all of it
		const list = [...new Set(refused.map((o) => String(o.difference).replace("TypeError: ", "")))].join("\n");
		if (provider === "webgpu") await expect(list).toMatchFileSnapshot("./pages/webgpu-refusals.txt");
		else expect(list).toBe("");
	},
	240_000,
);

test("what has no kernel on webgpu is an error of the runtime too: it carries nothing to the CPU without a word", async () => {
	const outcomes = await page.evaluate(() =>
		(globalThis as unknown as { forceOps: ForceOps }).forceOps("webgpu"),
	);
	expect(new Set(outcomes.map(({ op }) => op)).size).toBeGreaterThan(2);
	for (const { op, example, error } of outcomes)
		expect(error, `${op} ${example}`).toMatch(/fallback to CPU EP has been explicitly disabled/);
}, 120_000);
