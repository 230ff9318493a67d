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
 * Params: { job: "keystroke", model, of } | { job: "load" } | { job: "redraw" | "hover", heads, tokens }.
 */
async function load(): Promise<Work> {
	const browser = await startChromium();
	const version = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
	return {
		versions: { headscope: version.version, chromium: browser.version() },
		make: async ({ job, model, of, heads, tokens }) => {
			const newPage = (): Promise<Page> => browser.newPage({ viewport: { width: 1400, height: 1000 } });
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
					await page.goto(url);
					await page.locator("body[data-looked]").waitFor();
					const ms = await page.evaluate(() => performance.now());
					await context.close();
					return ms;
				});
			}
			const page = await newPage();
			if (job === "keystroke") {
				const path = model === "smollm2" ? benchPath("../.cache/models/smollm2-135m") : undefined;
				const gguf = path && join(path, await onlyGguf(path));
				await open(page, `${await startStudio(...(gguf ? [gguf] : []))}`);
				const texts = model === "smollm2" ? longTexts(11) : shortTexts(41);
				return own(async () => quantile(await page.evaluate(strokes, texts), of === "p95" ? 0.95 : 0.5));
			}
			await open(page, await startStudio());
			await page.getByLabel("Open files").setInputFiles(await modelFiles(heads as number, tokens as number));
			await page.locator("select option:checked", { hasText: "file:" }).waitFor({ state: "attached" });
			await page.locator("#prompt").fill(Array(tokens).fill("red").join(" "));
			await page.locator('body[data-busy="no"]').waitFor();
			if (job === "hover") return own(() => frameTime(page, ".matrix canvas"));
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

/** In the page: types texts, one after the other; ms from each keystroke until its patterns are painted. */
async function strokes(texts: readonly string[]): Promise<number[]> {
	const box = document.querySelector("#prompt") as HTMLTextAreaElement;
	const painted = (): Promise<void> =>
		new Promise((resolve) =>
			requestAnimationFrame(() => {
				const { port1, port2 } = new MessageChannel();
				port1.onmessage = () => resolve();
				port2.postMessage(null);
			}),
		);
	const settled = (): Promise<void> =>
		new Promise((resolve) => {
			if (document.body.dataset.busy === "no") return resolve();
			const watch = new MutationObserver(() => {
				if (document.body.dataset.busy !== "no") return;
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
		await settled();
		await painted();
		times.push(performance.now() - start);
	}
	// the first one of a length may compile or allocate
	return times.slice(1);
}

/** In the page: every pattern drawn anew, in the other theme's colours; ms until it is painted. */
async function redraw(): Promise<number> {
	const button = [...document.querySelectorAll("button")].find(({ textContent }) =>
		/^(Dark|Light)$/.test(textContent.trim()),
	);
	const start = performance.now();
	button?.click();
	await new Promise<void>((resolve) =>
		requestAnimationFrame(() => {
			const { port1, port2 } = new MessageChannel();
			port1.onmessage = () => resolve();
			port2.postMessage(null);
		}),
	);
	return performance.now() - start;
}

const WORDS = ["red", "fox", "moon", "bread", "king"];

/** Texts as somebody types: one more word, or another last one. */
function shortTexts(count: number): string[] {
	return Array.from({ length: count }, (_, i) =>
		Array.from({ length: 10 + (i % 5) }, (_, k) => WORDS[(k + Math.floor(i / 5)) % 5]).join(" "),
	);
}

/** Texts of 64 tokens for SmolLM2, whose last word changes. */
function longTexts(count: number): string[] {
	return Array.from(
		{ length: count },
		(_, i) => `${"The cat sat on the mat. ".repeat(9)}And then the ${WORDS[i % 5]}`,
	);
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
