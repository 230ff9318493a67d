import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { type ServeOptions, type StudioServer, serveStudio } from "../../src/studio/server/serve-node.js";
import { requireBuilt } from "../built.js";

/** Flags for a Chromium without a sandbox and without calls home. */
const FLAGS = [
	"--no-sandbox",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];
/** WebGPU computed by the processor, for machines without a GPU. */
const SOFTWARE_GPU = [
	"--enable-unsafe-webgpu",
	"--enable-features=Vulkan",
	"--use-webgpu-adapter=swiftshader",
	"--use-angle=swiftshader",
];

export function startBrowser(options: { readonly webgpu?: boolean } = {}): Promise<Browser> {
	return chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: [...FLAGS, ...(options.webgpu ? SOFTWARE_GPU : ["--disable-gpu"])],
	});
}

/** The built studio in a tab, and what its console complained of. */
export interface OpenedStudio {
	readonly page: Page;
	readonly complaints: readonly string[];
}

/** Serves the built page. */
export function serveBuilt(options: ServeOptions = {}): Promise<StudioServer> {
	requireBuilt();
	return serveStudio(options);
}

/**
 * The built page served, and a browser, for all tests of a file (or of a `describe`).
 * @param options `webgpu`: a browser that has it, computed by the processor
 */
export function studioOfFile({
	webgpu = false,
	...options
}: ServeOptions & { readonly webgpu?: boolean } = {}): {
	server: StudioServer;
	browser: Browser;
} {
	const studio = {} as { server: StudioServer; browser: Browser };
	beforeAll(async () => {
		studio.server = await serveBuilt(options);
		studio.browser = await startBrowser({ webgpu });
	});
	afterAll(async () => {
		await studio.browser?.close();
		await studio.server?.[Symbol.asyncDispose]();
	});
	return studio;
}

/**
 * Opens an address of a studio and waits until the first look is drawn.
 * @param options `firstVisit`: as somebody who is shown the tour
 */
export async function openStudio(
	browser: Browser,
	url: string,
	{ firstVisit = false, ...options }: BrowserContextOptions & { readonly firstVisit?: boolean } = {},
): Promise<OpenedStudio> {
	const page = await browser.newPage(options);
	if (!firstVisit) await page.addInitScript(() => localStorage.setItem("headscope-tour", "seen"));
	const complaints: string[] = [];
	page.on("console", (message) => {
		if (["error", "warning"].includes(message.type())) complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(String(error)));
	await page.goto(url);
	await page.locator("body[data-looked]").waitFor({ timeout: 60_000 });
	return { page, complaints };
}

/** Waits until what was last changed is computed and drawn. */
export async function settled(page: Page): Promise<void> {
	await page.locator('body[data-busy="no"]').waitFor({ timeout: 60_000 });
}
