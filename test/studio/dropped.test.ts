/** Files that are dropped on the page: what it can hold is Node's model, what it cannot is told. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel } from "headscope";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { root } from "../built.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

const demoLlama = join(root, "assets/demo-llama");
const GGUF = join(root, "test/reference/lm/gguf/rand-llama-tied-gqa-theta5e5.gguf");

const studio = studioOfFile();

/** Drops files on the page, as if from the desktop. */
async function drop(page: Page, files: readonly string[]): Promise<void> {
	// the browser makes its own files of them, which a drop then has
	const input = page.getByLabel("Open files");
	await input.evaluate((element) => {
		element.addEventListener(
			"change",
			(event) => {
				event.stopImmediatePropagation();
				const dataTransfer = new DataTransfer();
				for (const file of (element as HTMLInputElement).files ?? []) dataTransfer.items.add(file);
				document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
			},
			{ once: true, capture: true },
		);
	});
	await input.setInputFiles([...files]);
}

test("a GGUF file is computed in the page as in Node", async () => {
	await using model = await loadModel(GGUF);
	const text = "t3 t4 t5 t6 t3 t4 t5";
	const logits = (await model.run(text)).select(0);
	const last = Array.from(logits.select(-1).data).sort((a, b) => b - a);
	const [most = 0] = last;
	const sum = last.reduce((all, logit) => all + Math.exp(logit - most), 0);
	const { page, complaints } = await openStudio(studio.browser, studio.server.url);
	await drop(page, [GGUF]);
	await page.locator("option:checked", { hasText: "file:rand-llama" }).waitFor({ state: "attached" });
	await page.getByLabel("Text", { exact: true }).fill(text);
	await settled(page);
	const rows = page.getByRole("region", { name: "Next token" }).locator("tbody tr");
	await rows.first().waitFor();
	const shown = await rows.locator("td:nth-of-type(1)").allTextContents();
	expect(shown.length).toBeGreaterThan(4);
	for (const [i, probability] of shown.entries())
		expect(Math.abs(Number(probability) - Math.exp((last[i] as number) - most) / sum)).toBeLessThan(1e-4);
	expect(complaints).toEqual([]);
	await page.close();
});

test("a text that is larger than the memory is told with its size and what would fit, and the page goes on", async () => {
	// rotary embeddings stand for any position: the demo model's weights as many small heads with a longer context
	const config = JSON.parse(readFileSync(join(demoLlama, "config.json"), "utf8"));
	const heads = { num_attention_heads: 32, num_key_value_heads: 32, head_dim: 2 };
	const long = Buffer.from(JSON.stringify({ ...config, ...heads, max_position_embeddings: 2 ** 17 }));
	const names = ["tokenizer.json", "tokenizer_config.json", "model.safetensors"];
	const { page, complaints } = await openStudio(studio.browser, studio.server.url);
	await page.getByLabel("Open files").setInputFiles([
		{ name: "config.json", mimeType: "application/json", buffer: long },
		...names.map((name) => ({
			name,
			mimeType: "application/octet-stream",
			buffer: readFileSync(join(demoLlama, name)),
		})),
	]);
	await page.locator("option:checked", { hasText: "file:model" }).waitFor({ state: "attached" });
	const text = page.getByLabel("Text", { exact: true });
	await text.fill("moon ".repeat(6000));
	await page
		.locator(".notices")
		.getByText(
			/^out of memory: the results of this run alone take 9\.2 GB \(batch 1, pos 6000\), and WASM has 4\.3 GB for everything; about [12]\d{3} positions would fit$/,
		)
		.waitFor();
	// what was typed is not lost, and can be cut
	expect((await text.inputValue()).length).toBe(30_000);
	await text.fill("moon king moon");
	await settled(page);
	expect(await page.getByRole("list", { name: "Tokens" }).getByRole("button").count()).toBe(3);
	expect(await page.locator(".notices .problem").count()).toBe(0);
	expect(complaints).toEqual([]);
	await page.close();
});

test("a model that is too large is refused with its size and what would fit, and the page goes on", async () => {
	const folder = mkdtempSync(join(tmpdir(), "headscope-large-"));
	try {
		// a file with a hole: it takes no room on the disk
		const bytes = 2e9;
		const header = JSON.stringify({
			"model.embed_tokens.weight": { dtype: "F16", shape: [1_000_000, 1000], data_offsets: [0, bytes] },
		});
		const length = Buffer.alloc(8);
		length.writeBigUInt64LE(BigInt(header.length));
		const weights = join(folder, "model.safetensors");
		writeFileSync(weights, Buffer.concat([length, Buffer.from(header)]));
		truncateSync(weights, 8 + header.length + bytes);
		const { page } = await openStudio(studio.browser, `${studio.server.url}#v=1&model=demo-llama`);
		const small = ["config.json", "tokenizer.json", "tokenizer_config.json"];
		await drop(page, [...small.map((name) => join(demoLlama, name)), weights]);
		await page
			.locator(".notices")
			.getByText(
				"its weights take 4.0 GB as float32, a page holds up to 1.6 GB (some 400 million parameters)",
			)
			.waitFor();
		await page.getByLabel("Text").fill("moon king moon");
		await settled(page);
		expect(await page.getByRole("list", { name: "Tokens" }).getByRole("button").count()).toBe(3);
		await page.close();
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});
