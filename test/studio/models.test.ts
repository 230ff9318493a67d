import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel } from "headscope";
import { type MetricResult, parseExperiment, runExperiment } from "headscope/experiments";
import { loadSae } from "headscope/sae";
import type { Browser, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { nodeHost } from "../../src/studio/server/host-node.js";
import type { Phase } from "../../src/studio/service/checkpoint-host.js";
import { checkMemory } from "../../src/studio/service/page-memory.js";
import { root } from "../built.js";
import { smollm2 } from "../real-models.js";
import { randomSae, writeSae } from "../sae/plain-sae.js";
import { expectAsByCommand } from "./by-command.js";
import { copiedCode, runCode } from "./copied-code.js";
import { addressOf } from "./heat-maps.js";
import { openStudio, serveBuilt, settled, studioOfFile } from "./open-studio.js";
import { changesOf, expectAsInNode } from "./touching.js";

const demoLlama = join(root, "assets/demo-llama");
const FILES = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];

const studio = studioOfFile();

const payload = (name: string, buffer = readFileSync(join(demoLlama, name))) => ({
	name,
	mimeType: "application/octet-stream",
	buffer,
});
const alerts = (page: Page) => page.locator(".notices");
const nextToken = (page: Page): Promise<string | null> =>
	page.getByRole("region", { name: "Next token" }).getByRole("row").nth(1).textContent();

/** Hears what notices say from now on. @returns all of it so far */
async function hearing(page: Page): Promise<() => Promise<string[]>> {
	await page.evaluate(() => {
		const said: string[] = [];
		const notices = document.querySelector(".notices") as Element;
		const listen = new MutationObserver(() => said.push(notices.textContent ?? ""));
		listen.observe(notices, { childList: true, subtree: true, characterData: true });
		Object.assign(window, { said });
	});
	return () => page.evaluate(() => (window as unknown as { said: string[] }).said);
}

test("files of a model folder are opened, and a broken file leaves everything as it was", async () => {
	const { page } = await openStudio(studio.browser, `${studio.server.url}#v=1&model=demo-llama`);
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
	const { page } = await openStudio(studio.browser, studio.server.url);
	await page.getByLabel("Open files").setInputFiles([payload("holiday.jpg", Buffer.from("not a model"))]);
	await alerts(page)
		.getByText(/holiday\.jpg/)
		.waitFor();
	expect(await nextToken(page)).toContain("king");
	await page.close();
});

test("a hub id is downloaded with progress, once, and kept by the browser", async () => {
	const context = await studio.browser.newContext();
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
	const { page } = await openStudio(
		context as unknown as Browser,
		`${studio.server.url}#v=1&model=demo-llama`,
	);
	const bundled = await nextToken(page);
	const said = await hearing(page);
	await page.locator(".model-choice select").selectOption({ label: "another ..." });
	await page.getByLabel("Hub id or address").fill("somebody/demo-llama");
	await page.getByRole("button", { name: "Load" }).click();
	await page
		.locator(".model-choice select")
		.locator("option:checked", { hasText: "somebody/demo-llama" })
		.waitFor({ state: "attached" });
	await settled(page);
	expect(await nextToken(page)).toBe(bundled);
	expect((await said()).join()).toMatch(/somebody\/demo-llama: [\d.]+ of 0\.\d MB/);
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

/** What the library makes of an experiment, with the models and autoencoders that it names. */
async function inNode(text: string): Promise<readonly MetricResult[]> {
	return (await runExperiment(parseExperiment(text), { loadModel, loadDictionary: loadSae, versions: {} }))
		.metrics;
}

/** `headscope studio MODEL` in a process of its own, and the address that it prints. */
async function command(model: string): Promise<{ url: string } & AsyncDisposable> {
	const args = [join(root, "dist/cli/main.js"), "studio", model];
	const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
	const ended = once(child, "exit");
	const url = await new Promise<string>((resolve, reject) => {
		let said = "";
		child.stdout.setEncoding("utf8").on("data", (part: string) => {
			said += part;
			const [, address] = /(http:\S+)\n/.exec(said) ?? [];
			if (address !== undefined) resolve(address);
		});
		void ended.then(([code]) => reject(new Error(`headscope studio ended with ${code}: ${said}`)));
	});
	return {
		url,
		async [Symbol.asyncDispose]() {
			child.kill("SIGINT");
			await ended;
		},
	};
}

describe("the page on an engine in Node", () => {
	const wants = smollm2.reason === undefined ? "" : ` (${smollm2.reason})`;
	test.skipIf(smollm2.reason)(
		`SmolLM2-135M by the command: what is typed and ablated there is Node's${wants}`,
		async () => {
			const model = smollm2.path as string;
			await using served = await command(model);
			// ranking 270 heads takes longer than all else
			const { page, complaints } = await openStudio(studio.browser, `${served.url}&score=`);
			expect(await page.locator(".model-choice select").inputValue()).toBe(model);
			await page
				.getByLabel("Text", { exact: true })
				.fill("When Mary and John went to the store, John gave a drink to");
			await settled(page);
			await page.getByRole("button", { name: "Head 4.2", exact: true }).press("x");
			const results = await expectAsInNode(page, inNode);
			expect(results.some(({ change }) => Math.abs(change) > 1e-3)).toBe(true);
			expect(complaints).toEqual([]);
			await page.close();
		},
		240_000,
	);

	test("autoencoders act, steps are measured, and a lost connection comes back with nothing lost", async () => {
		const folder = mkdtempSync(join(tmpdir(), "headscope-node-engine-"));
		try {
			const demo = join(root, "assets/demo");
			const steps = [0, 300, 3999];
			const files = [...FILES, ...steps.map((step) => `checkpoints/${step}.safetensors`)];
			for (const file of files) cpSync(join(demo, file), join(folder, file));
			const { n_embd: d_in } = JSON.parse(readFileSync(join(demo, "config.json"), "utf8"));
			const cfg = {
				d_in,
				d_sae: 32,
				architecture: "standard",
				metadata: { hook_name: "blocks.1.hook_resid_pre" },
			};
			const sae = writeSae(join(folder, "sae"), randomSae(cfg));
			const host = nodeHost({ models: [folder], dictionaries: [sae], versions: {} });
			await using served = await serveBuilt({ host });
			const { page, complaints } = await openStudio(studio.browser, addressOf(served.url, { model: folder }));

			await changesOf(page).getByLabel("Any other kind of change").selectOption("sae");
			await changesOf(page).locator(".change-editor").getByLabel("features").fill("all");
			await changesOf(page).getByText(`all features of ${sae} times 0`).waitFor();
			const { results, kinds } = await expectAsByCommand(page);
			expect(kinds).toEqual(["sae"]);
			expect(results.some(({ change }) => Math.abs(change) > 1e-3)).toBe(true);

			const region = page.getByRole("region", { name: `Training of ${folder}`, exact: true });
			await region.getByRole("button", { name: "Measure every step" }).click();
			await region.getByText("Values at each step").click();
			const heads = await region.locator("thead th").allInnerTexts();
			const rows = await region.locator("tbody tr").all();
			const shipped = JSON.parse(readFileSync(join(demo, "phase.json"), "utf8")) as Phase;
			expect(rows).toHaveLength(steps.length);
			for (const [i, step] of steps.entries()) {
				const cells = (await rows[i]?.locator("th, td").allInnerTexts()) ?? [];
				const at = shipped.steps.indexOf(step);
				const numberAt = (name: string): number => Number(cells[heads.indexOf(name)]);
				expect(Number(cells[0])).toBe(step);
				expect(numberAt("loss")).toBeCloseTo(shipped.loss?.[at] as number, 4);
				for (const [score, name] of [
					["induction-repeat", "induction, best head"],
					["previous-token", "previous token, best head"],
				] as const)
					expect(numberAt(name)).toBeCloseTo(shipped.scores[score]?.best[at]?.score as number, 4);
			}

			// the program that the page gives reads the autoencoder too
			expect(await runCode(await copiedCode(page, /^Export head/))).toMatch(/0\.\d+/);

			const said = await hearing(page);
			served.dropConnections();
			await page.getByLabel("Text", { exact: true }).fill("moon king moon");
			await page
				.getByRole("list", { name: "Tokens" })
				.getByRole("button")
				.nth(3)
				.waitFor({ state: "detached" });
			expect((await said()).join()).toContain(
				"The engine cannot be reached; trying again. Nothing you did is lost.",
			);
			expect(await page.locator(".notices p").count()).toBe(0);
			await expectAsInNode(page, inNode);
			expect(complaints).toEqual([]);
			await page.close();
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	}, 120_000);
});
