import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Random, Tensor, writeSafetensors } from "headscope";
import type { Page } from "playwright-core";
import { frameTime, startChromium } from "./chromium.js";
import { benchPath } from "./paths.js";
import { serve, type Work, type Workload } from "./worker.js";

/**
 * Our side of the studio's benches: the built page in Chromium. usage: node studio-ours.js THREADS
 * Params: { job: "keystroke", model, of, typed? } | { job: "load" | "scrub" | "train" } | { job: "redraw" | "hover", heads, tokens }.
 */
async function load(): Promise<Work> {
	const browser = await startChromium();
	const version = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
	return {
		versions: { headscope: version.version, chromium: browser.version() },
		make: async ({ job, model, of, typed, heads, tokens }) => {
			const newPage = async (): Promise<Page> => {
				// tall enough that nothing of a grid lies outside
				const page = await browser.newPage({ viewport: { width: 1400, height: 2400 } });
				await page.addInitScript(definePainted);
				await page.addInitScript(() => localStorage.setItem("headscope-tour", "seen"));
				return page;
			};
			/** Somebody who comes for the first time, the tour seen: nothing is kept from the time before. */
			const anew = async <T>(url: string, work: (page: Page) => Promise<T>): Promise<T> => {
				const context = await browser.newContext({ viewport: { width: 1400, height: 2400 } });
				const page = await context.newPage();
				await page.addInitScript(definePainted);
				await page.addInitScript(() => localStorage.setItem("headscope-tour", "seen"));
				await open(page, url);
				const found = await work(page);
				await context.close();
				return found;
			};
			const own = (run: () => Promise<number>): Workload => ({
				run,
				sample: () => [],
				ms: (ms) => ms as number,
			});
			if (job === "load") {
				const url = await startStudio();
				return own(async () => {
					const context = await browser.newContext();
					const page = await context.newPage();
					await page.addInitScript(definePainted);
					await page.addInitScript(noteFirstView);
					// a new window makes pages of the browser's own ready, which is none of ours
					await page.waitForTimeout(SETTLES);
					await page.goto(url);
					const ms = await page.waitForFunction(() => (globalThis as { firstView?: number }).firstView);
					const value = await ms.jsonValue();
					await context.close();
					return value as number;
				});
			}
			if (job === "scrub") {
				const url = `${await startStudio()}#v=1&view=regression`;
				return own(() =>
					anew(url, async (page) => {
						await page.locator('.regression[data-busy="no"] .patterns').waitFor();
						// a hand comes to the slider when the view is there, its metrics and activations too
						await page.waitForFunction(() => !document.querySelector('.regression [data-busy="yes"]'));
						return Math.max(...(await page.evaluate(scrubs)));
					}),
				);
			}
			if (job === "train") {
				const url = `${await startStudio()}#v=1&view=train`;
				return own(() =>
					anew(url, async (page) => {
						await page.locator(".train-buttons .main").waitFor();
						return page.evaluate(training);
					}),
				);
			}
			const page = await newPage();
			if (job === "keystroke") {
				const path = model === "smollm2" ? benchPath("../.cache/models/smollm2-135m") : undefined;
				const gguf = path && join(path, await onlyGguf(path));
				await open(page, `${await startStudio(...(gguf ? [gguf] : []))}`);
				// heads are ranked once, right after a model is opened
				await page.locator('.finder[aria-busy="false"] .ranking td').first().waitFor({ timeout: 120_000 });
				const texts = (): string[] => {
					if (model !== "smollm2") return shortTexts(41);
					return typed === true ? typedTexts(11) : longTexts(11);
				};
				return own(async () => quantile(await page.evaluate(strokes, texts()), of === "p95" ? 0.95 : 0.5));
			}
			await open(page, await startStudio());
			await page.getByLabel("Open files").setInputFiles(await modelFiles(heads as number, tokens as number));
			await page.locator("select option:checked", { hasText: "file:" }).waitFor({ state: "attached" });
			await page.locator("#prompt").fill(Array(tokens).fill("red").join(" "));
			await page.locator('body[data-busy="no"]').waitFor();
			if (job === "hover") {
				// a window as the rivals have it
				await page.setViewportSize({ width: 1400, height: 1000 });
				return own(() => frameTime(page, ".head-large canvas.drawing"));
			}
			return own(() => page.evaluate(redraw));
		},
	};
}

async function open(page: Page, url: string): Promise<void> {
	await page.goto(url);
	await page.locator("body[data-looked]").waitFor({ timeout: 120_000 });
}

const servers: ChildProcess[] = [];
process.on("exit", () => {
	for (const server of servers) server.kill();
});

/** Starts `headscope studio`; its address. */
async function startStudio(...models: string[]): Promise<string> {
	const server = spawn(process.execPath, [benchPath("../dist/cli/main.js"), "studio", "--json", ...models]);
	servers.push(server);
	for await (const line of createInterface({ input: server.stdout }))
		return (JSON.parse(line) as { url: string }).url;
	throw new Error("the studio did not start");
}

/** Milliseconds after which a new window of the browser rests. */
const SETTLES = 2500;

/** What {@link definePainted} gives every page. */
declare const painted: () => Promise<void>;

/** In the page, before it loads: a promise of the next frame's end, for what runs there later. */
function definePainted(): void {
	const painted = (): Promise<void> =>
		new Promise((resolve) =>
			requestAnimationFrame(() => {
				const { port1, port2 } = new MessageChannel();
				port1.onmessage = () => resolve();
				port2.postMessage(null);
			}),
		);
	Object.assign(globalThis, { painted });
}

/** In the page, before it loads: notes when the first look is painted, in ms since the page was asked for. */
function noteFirstView(): void {
	addEventListener("DOMContentLoaded", () => {
		const watch = new MutationObserver(() => {
			if (document.body.dataset.looked === undefined) return;
			watch.disconnect();
			void painted().then(() => Object.assign(globalThis, { firstView: performance.now() }));
		});
		watch.observe(document.body, { attributes: true });
	});
}

/** In the page: types texts, one after the other; ms from each keystroke until the last of its patterns is drawn. */
async function strokes(texts: readonly string[]): Promise<number[]> {
	const box = document.querySelector("#prompt") as HTMLTextAreaElement;
	let drawn = 0;
	const put = CanvasRenderingContext2D.prototype.putImageData;
	CanvasRenderingContext2D.prototype.putImageData = function (...given: unknown[]): void {
		put.apply(this, given as Parameters<typeof put>);
		drawn = performance.now();
	};
	const become = (busy: "yes" | "no"): Promise<void> =>
		new Promise((resolve, reject) => {
			if (document.body.dataset.busy === busy) return resolve();
			const late = setTimeout(() => reject(new Error(`busy did not become "${busy}" in 20 s`)), 20_000);
			const watch = new MutationObserver(() => {
				if (document.body.dataset.busy !== busy) return;
				clearTimeout(late);
				watch.disconnect();
				resolve();
			});
			watch.observe(document.body, { attributes: true });
		});
	const times: number[] = [];
	for (const text of texts) {
		const start = performance.now();
		box.value = text;
		box.dispatchEvent(new InputEvent("input", { bubbles: true }));
		if (document.body.dataset.busy !== "yes") throw new Error("a keystroke was not heard");
		await become("no");
		// what follows the answer is drawn in the next frames
		while (drawn < start || performance.now() < drawn + 50) await painted();
		times.push(drawn - start);
	}
	CanvasRenderingContext2D.prototype.putImageData = put;
	// the first one of a length may compile or allocate
	return times.slice(1);
}

/** In the page: goes through the checkpoints to the first and back; ms from each move until the last pattern is drawn. */
async function scrubs(): Promise<number[]> {
	const view = document.querySelector(".regression") as HTMLElement;
	const slider = view.querySelector(".scrub input") as HTMLInputElement;
	let drawn = 0;
	const put = CanvasRenderingContext2D.prototype.putImageData;
	CanvasRenderingContext2D.prototype.putImageData = function (...given: unknown[]): void {
		put.apply(this, given as Parameters<typeof put>);
		if (this.canvas.closest(".patterns")) drawn = performance.now();
	};
	const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
	const times: number[] = [];
	const last = Number(slider.max);
	for (const place of [...Array(last).keys()]
		.reverse()
		.concat(Array.from({ length: last }, (_, i) => i + 1))) {
		const start = performance.now();
		slider.value = String(place);
		slider.dispatchEvent(new InputEvent("input", { bubbles: true }));
		// the view says so with its next frame, before that the patterns of the place before stand
		while (drawn < start || view.dataset.busy !== "no") {
			if (performance.now() > start + 20_000) throw new Error("a move was not drawn in 20 s");
			await wait(1);
		}
		times.push(drawn - start);
		// a hand rests a little at each place
		await wait(50);
	}
	CanvasRenderingContext2D.prototype.putImageData = put;
	return times;
}

/** In the page: trains the demo's recipe as the page offers it; ms from "Start" until the last update is drawn. */
async function training(): Promise<number> {
	const status = document.querySelector(".train-status") as HTMLElement;
	const start = performance.now();
	(document.querySelector(".train-buttons .main") as HTMLButtonElement).click();
	await new Promise<void>((resolve, reject) => {
		new MutationObserver((_, watch) => {
			const problem = status.querySelector(".problem");
			const done = status.querySelector("[role=status]")?.textContent === "Done";
			if (!problem && !done) return;
			watch.disconnect();
			if (problem) reject(new Error(problem.textContent));
			else resolve();
		}).observe(status, { childList: true, subtree: true, characterData: true, attributes: true });
	});
	if (!status.textContent.includes("600 of 600 updates")) throw new Error(`trained: ${status.textContent}`);
	await painted();
	return performance.now() - start;
}

/** In the page: every pattern drawn anew, on the other scale; ms until it is painted. */
async function redraw(): Promise<number> {
	const select = [...document.querySelectorAll("select")].find(({ value }) => /^(linear|log)$/.test(value));
	if (!select) throw new Error("no choice of a scale");
	const start = performance.now();
	select.value = select.value === "log" ? "linear" : "log";
	select.dispatchEvent(new Event("change", { bubbles: true }));
	await painted();
	return performance.now() - start;
}

const WORDS = ["red", "fox", "moon", "bread", "king"];

/** Words that no text before had in this order: an answer to a text that was seen is kept. */
const fresh = new Random(7);
const someWords = (count: number): string[] =>
	Array.from({ length: count }, () => WORDS[fresh.integer(0, WORDS.length)] as string);

/** Texts as somebody types: 10 to 14 words. */
function shortTexts(count: number): string[] {
	return Array.from({ length: count }, (_, i) => someWords(10 + (i % 5)).join(" "));
}

/** Texts of 64 tokens for SmolLM2. */
function longTexts(count: number): string[] {
	return Array.from({ length: count }, () => `Once upon a time, ${someWords(58).join(" ")}.`);
}

/** A text of 64 tokens for SmolLM2 that grows by a letter each time. */
function typedTexts(count: number): string[] {
	const [text = ""] = longTexts(1);
	const more = someWords(count).join(" ");
	return Array.from({ length: count }, (_, i) => `${text} ${more.slice(0, i + 1)}`);
}

async function onlyGguf(folder: string): Promise<string> {
	const { readdir } = await import("node:fs/promises");
	const name = (await readdir(folder)).find((file) => file.endsWith(".gguf"));
	if (!name) throw new Error(`${folder}: no .gguf; run node scripts/fetch-test-models.mjs`);
	return name;
}

/** Files of a model with random weights, 12 heads a layer (or one), and the demo's tokenizer. */
async function modelFiles(heads: number, tokens: number): Promise<string[]> {
	const folder = benchPath(`out/heads-${heads}x${tokens}`);
	const perLayer = Math.min(12, heads);
	const [d, layers] = [8 * perLayer, heads / perLayer];
	await mkdir(folder, { recursive: true });
	const demo = benchPath("../assets/demo");
	for (const name of ["tokenizer.json", "tokenizer_config.json"])
		await cp(join(demo, name), join(folder, name));
	const config = JSON.parse(await readFile(join(demo, "config.json"), "utf8")) as object;
	const sizes = { n_embd: d, n_head: perLayer, n_layer: layers, n_inner: 4 * d, n_positions: tokens };
	await writeFile(
		join(folder, "config.json"),
		JSON.stringify({ ...config, ...sizes, tie_word_embeddings: true }),
	);
	const random = new Random(1);
	const tensors = new Map<string, Tensor<"float32">>();
	const add = (name: string, shape: number[], fill?: number): void => {
		const size = shape.reduce((a, b) => a * b, 1);
		const data = Float32Array.from({ length: size }, () => fill ?? 0.4 * (random.uniform() - 0.5));
		tensors.set(`transformer.${name}`, new Tensor("float32", shape, data));
	};
	add("wte.weight", [128, d]);
	add("wpe.weight", [tokens, d]);
	const norm = (name: string): void => {
		add(`${name}.weight`, [d], 1);
		add(`${name}.bias`, [d], 0);
	};
	const linear = (name: string, from: number, to: number): void => {
		add(`${name}.weight`, [from, to]);
		add(`${name}.bias`, [to], 0);
	};
	for (let layer = 0; layer < layers; layer++) {
		norm(`h.${layer}.ln_1`);
		linear(`h.${layer}.attn.c_attn`, d, 3 * d);
		linear(`h.${layer}.attn.c_proj`, d, d);
		norm(`h.${layer}.ln_2`);
		linear(`h.${layer}.mlp.c_fc`, d, 4 * d);
		linear(`h.${layer}.mlp.c_proj`, 4 * d, d);
	}
	norm("ln_f");
	await writeFile(join(folder, "model.safetensors"), writeSafetensors(tensors));
	return ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"].map((name) =>
		join(folder, name),
	);
}

function quantile(values: number[], share: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

await serve(load);
