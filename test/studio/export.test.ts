import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { AxeBuilder } from "@axe-core/playwright";
import { loadModel, type Model, readSafetensors, type Tensor } from "headscope";
import { scoreHeads } from "headscope/scores";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HeadFile, ScatterRow } from "../../src/export/head-layout.js";
import { requireBuilt, root } from "../built.js";
import { startBrowser } from "./open-studio.js";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "headscope-export-"));
const site = join(folder, "site");
const headscope = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
	run(process.execPath, [join(root, "dist/cli/main.js"), ...args]);
const read = <T>(name: string): T => JSON.parse(readFileSync(join(site, "data", name), "utf8")) as T;

const ROWS = 40;
let model: Model;
/** [layer, head, query, key] and token ids of each row. */
let rows: { ids: number[]; pattern: Tensor<"float32"> }[];

beforeAll(async () => {
	requireBuilt();
	await headscope(
		"export",
		"demo",
		"--samples",
		"repeat",
		"--n",
		"12",
		"--rows",
		String(ROWS),
		"--out",
		site,
	);
	model = await loadModel("demo");
	const { tensors, metadata } = await readSafetensors(readFileSync(join(site, "data/patterns.safetensors")));
	rows = [...tensors].map(([name, pattern]) => ({
		pattern: pattern as Tensor<"float32">,
		ids: (JSON.parse(metadata[`${name}.tokens`] ?? "[]") as string[]).map(
			(token) => model.tokenizer?.idOf(token) ?? -1,
		),
	}));
});
afterAll(async () => {
	await model?.dispose();
	rmSync(folder, { recursive: true, force: true });
});

describe("the exported data", () => {
	test("has HeadVis' files: every head has one", () => {
		expect(readdirSync(site).sort()).toEqual(["data", "index.html"]);
		expect(readdirSync(join(site, "data")).sort()).toEqual([
			"attributions",
			"config.json",
			"heads",
			"patterns.safetensors",
			"scatter_data.json",
			"server_config.json",
		]);
		const { nLayers, nHeads } = model.config;
		const heads = Array.from({ length: nLayers * nHeads }, (_, i) => [Math.floor(i / nHeads), i % nHeads]);
		expect(readdirSync(join(site, "data/heads")).sort()).toEqual(heads.map(([l, h]) => `L${l}H${h}.json`));
		const config = read<Record<string, unknown>>("config.json");
		expect(config).toMatchObject({
			...{ model_name: "demo", dataset_name: "repeat", heads, n_layers: nLayers, n_heads: nHeads },
			...{ n_intervals: 5, head_data_pattern: "L{layer}H{head}.json", has_umap: false },
		});
		expect(config.metrics).toEqual([
			"self_attention_score",
			"prev_token_score",
			"pattern_entropy",
			"qk_distance",
			"qk_distance_variance",
			"induction_score",
		]);
		// what Neuronpedia's importers refuse to be without
		const known = { ...(config.pipeline_config as object), ...config };
		for (const key of [
			"model_name",
			"dataset_name",
			"n_sequences",
			"seq_len",
			"dtype",
			"attn_implementation",
			"np_model_id",
		])
			expect(known).toHaveProperty(key);
	});

	test("patterns are the model's", async () => {
		expect(rows).toHaveLength(8);
		for (const { ids, pattern } of rows.slice(0, 3)) {
			expect(ids.slice(-12)).toEqual(ids.slice(-24, -12));
			const { cache } = await model.runWithCache([ids], { names: /hook_pattern$/ });
			for (let layer = 0; layer < model.config.nLayers; layer++) {
				const expected = cache.get("pattern", layer).select(0).data;
				const found = pattern.select(layer).data;
				for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i] as number, 4);
			}
		}
	});

	test("metrics are means over all rows, as the library's own scores on the same rows", async () => {
		const scatter = read<ScatterRow[]>("scatter_data.json");
		const options = { samples: ROWS, n: 12, seed: 0 };
		const scored = await scoreHeads(model, ["previous-token", "current-token"], options);
		expect(scatter).toHaveLength(model.config.nLayers * model.config.nHeads);
		const induction = await scoreHeads(model, "induction-repeat", options);
		for (const row of scatter) {
			const own = scored.get("previous-token")?.values[row.layer]?.[row.head];
			expect(row.prev_token_score).toBeCloseTo(own as number, 1);
			expect(row.self_attention_score).toBeGreaterThanOrEqual(0);
			expect(row.pattern_entropy).toBeLessThan(Math.log(25));
		}
		const best = scatter.toSorted((a, b) => (b.induction_score ?? 0) - (a.induction_score ?? 0))[0];
		expect(`${best?.layer}.${best?.head}`).toBe(
			induction.ranking.toSorted((a, b) => b.score - a.score)[0]?.head,
		);
	});

	test("sequences hold a head's largest attention, sparse, by intervals", () => {
		const { layer, head } = read<ScatterRow[]>("scatter_data.json").toSorted(
			(a, b) => (b.induction_score ?? 0) - (a.induction_score ?? 0),
		)[0] as ScatterRow;
		const file = read<HeadFile>(`heads/L${layer}H${head}.json`);
		const counts = [1, 2, 3, 4, 5].map(
			(interval) => file.sequences.filter((sequence) => sequence.interval === interval).length,
		);
		expect(counts).toEqual([3, 3, 3, 3, 8]);
		expect(file.statistics.n_samples).toBe(20);
		expect(file.histogram.bin_values.reduce((sum, count) => sum + count, 0)).toBe(ROWS);
		const means = [1, 5].map((interval) => {
			const own = file.sequences.filter((sequence) => sequence.interval === interval);
			return own.reduce((sum, { max_activation }) => sum + max_activation, 0) / own.length;
		});
		expect(means[1]).toBeGreaterThanOrEqual(means[0] as number);
		const shown = file.sequences.filter(({ sequence_id }) => sequence_id < rows.length);
		expect(shown.length).toBeGreaterThan(0);
		for (const { sequence_id, seq_len, tokens, attention_indices, attention_values } of shown) {
			expect(tokens).toHaveLength(seq_len);
			const pattern = rows[sequence_id]?.pattern.select(layer).select(head) as Tensor<"float32">;
			const found = new Map(attention_indices.map((index, i) => [index, attention_values[i] as number]));
			expect(attention_indices).toEqual(attention_indices.toSorted((a, b) => a - b));
			for (let query = 0; query < seq_len; query++) {
				const values = [...pattern.select(query).data].map((value, key): [number, number] => [key, value]);
				const kept = values
					.filter(([, value]) => value >= 0.005)
					.sort(([, a], [, b]) => b - a)
					.slice(0, 8);
				for (const [key, value] of kept)
					expect(found.get(query * seq_len + key) ?? Number.NaN).toBeCloseTo(value, 3);
			}
			expect(found.size).toBeLessThanOrEqual(seq_len * 8);
		}
	});

	test("equal commands write equal files", async () => {
		const again = join(folder, "again");
		await headscope(
			"export",
			"demo",
			"--samples",
			"repeat",
			"--n",
			"12",
			"--rows",
			String(ROWS),
			"--out",
			again,
		);
		for (const name of ["index.html", "data/scatter_data.json", "data/heads/L1H0.json"])
			expect(readFileSync(join(again, name)).equals(readFileSync(join(site, name))), name).toBe(true);
	});
});

describe("the exported page", () => {
	let browser: Browser;
	beforeAll(async () => {
		browser = await startBrowser();
	});
	afterAll(() => browser?.close());

	test("opens from the disk, shows heads, and sorts them", async () => {
		const page = await (await browser.newContext()).newPage();
		const complaints: string[] = [];
		page.on("console", (message) => complaints.push(message.text()));
		page.on("pageerror", (error) => complaints.push(String(error)));
		const requests: string[] = [];
		page.on("request", (request) => requests.push(request.url()));
		const address = pathToFileURL(join(site, "index.html")).href;
		await page.goto(address);
		const matrix = page.getByRole("group", { name: /^Attention pattern of head/ });
		await matrix.waitFor();
		const table = page.locator("main table").last();
		const first = (): Promise<string | null> =>
			table.locator("tbody tr").first().getByRole("rowheader").textContent();
		const best = await first();
		expect(await page.getByRole("heading", { name: `Head ${best}` }).count()).toBe(1);
		const marked = table.locator("[aria-current]");
		expect(await marked.allTextContents()).toEqual([best]);
		await page.getByRole("button", { name: "Head 0.0", exact: true }).click();
		expect(await marked.allTextContents()).toEqual(["0.0"]);
		await table.getByRole("button", { name: best ?? "", exact: true }).click();
		expect(await page.getByRole("heading", { name: `Head ${best}` }).count()).toBe(1);
		await table.getByRole("button", { name: "previous token" }).click();
		expect(await first()).toMatch(/^0\./);
		await page.getByRole("combobox").selectOption("row 3");
		await matrix.waitFor();
		// another row keeps the head
		expect(await page.getByRole("heading", { name: `Head ${best}` }).count()).toBe(1);
		const tokens = page.getByRole("group", { name: "Tokens" }).getByRole("button");
		expect(await tokens.count()).toBe(rows[3]?.ids.length);
		expect(requests).toEqual([address]);
		expect(complaints).toEqual([]);
		const { violations } = await new AxeBuilder({ page }).analyze();
		expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
		await page.close();
	});
});

describe("headscope export", () => {
	const failing = async (...args: string[]): Promise<string> => {
		try {
			await headscope("export", ...args);
			return "";
		} catch (error) {
			return (error as { stderr: string }).stderr;
		}
	};

	test("takes prompts of different lengths", async () => {
		const out = join(folder, "prompts");
		const { stdout } = await headscope(
			...["export", "demo", "--prompts", "red fox red fox", "moon bread king moon", "red fox"],
			...["--out", out, "--json"],
		);
		expect(JSON.parse(stdout)).toMatchObject({ model: "demo", samples: "prompts", rows: 3 });
		expect(readFileSync(join(out, "index.html"), "utf8")).toContain("3 rows of prompts");
	});

	test("refuses a folder with files, what does not go together, and one token", async () => {
		expect(await failing("demo", "--out", site)).toContain("has files in it; give a new or an empty folder");
		const out = join(folder, "none");
		expect(await failing("demo", "--samples", "text", "--out", out)).toContain("--samples text needs --text");
		expect(await failing("demo", "--prompts", "red fox", "--text", "x.txt", "--out", out)).toContain(
			"--text and --prompts: give one of them",
		);
		expect(await failing("demo", "--prompts", "red", "--out", out)).toContain("text 1 is one token");
		expect(await failing("demo", "--samples", "words", "--out", out)).toContain("Allowed choices are repeat");
	});
});
