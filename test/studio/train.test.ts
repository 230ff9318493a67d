/** A model trained in the page, held against the library's training in Node. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadModel, type Model, type Tensor } from "headscope";
import { scoreHeads } from "headscope/scores";
import { languageConfig, trainLanguage } from "headscope/train";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeHost } from "../../src/studio/server/host-node.js";
import type { StartedTraining } from "../../src/studio/service/methods/train-start.js";
import type { TrainReport } from "../../src/studio/service/methods/train-steps.js";
import { studioService } from "../../src/studio/service/service.js";
import { unpackTensors } from "../../src/studio/service/tensor-message.js";
import { recipe } from "../../src/studio/service/training/recipe.js";
import { root } from "../built.js";
import { copiedCode, runCode } from "./copied-code.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

/** Small batches at a high rate: some steps are enough to see the loss fall. */
const STEPS = 60;
const BATCH = 16;
const RATE = 0.01;
const PROMPT = "red fox moon bread king red fox moon bread";

const studio = studioOfFile();
let base: Model;

beforeAll(async () => {
	base = await loadModel("demo");
});
afterAll(() => base?.dispose());

/** The demo's recipe as the package ships it. */
async function shipped(): Promise<Record<string, unknown>> {
	return JSON.parse(await readFile(join(root, "assets/demo/training.json"), "utf8")).config;
}

/** The losses and the weights of the library's own training, undisturbed. */
async function inNode(
	steps: number,
	batch: number,
	lr: number,
): Promise<{ losses: number[]; weights: ReadonlyMap<string, Tensor<"float32">> }> {
	const losses: number[] = [];
	const given = await shipped();
	const config = languageConfig({
		...given,
		num_steps: steps,
		batch_size: batch,
		optimizer_config: { ...(given.optimizer_config as object), lr },
		scheduler_config: { ...(given.scheduler_config as object), max_lr: lr },
	});
	const { weights } = await trainLanguage(config, {
		storages: [],
		projectDir: "",
		engineOptions: { threads: 1 },
		onStep: ({ loss }) => void losses.push(loss),
	});
	return { losses, weights };
}

/** What "Export JSON" saves. */
async function exported(page: Page): Promise<{ losses: number[]; measured: { step: number }[] }> {
	await page.getByRole("button", { name: "Export training-seed-1" }).click();
	const download = page.waitForEvent("download");
	await page.getByRole("menuitem", { name: "JSON" }).click();
	return JSON.parse(await readFile(await (await download).path(), "utf8"));
}

const doneUpdates = async (page: Page): Promise<number> =>
	Number(/(\d+) of \d+ updates/.exec((await page.locator(".train-status").textContent()) ?? "")?.[1] ?? 0);

test("training in the page, paused and continued, is the library's training", async () => {
	const { page, complaints } = await openStudio(studio.browser, `${studio.server.url}#v=1&view=train`);
	const training = page.getByRole("region", { name: "Training" });
	await training.getByLabel("Updates").fill(String(STEPS));
	await training.getByLabel("Batch").fill(String(BATCH));
	await training.getByLabel("Learning rate").fill(String(RATE));
	await training.getByRole("button", { name: "Start", exact: true }).click();
	await expect.poll(() => doneUpdates(page), { timeout: 60_000 }).toBeGreaterThan(5);
	await training.getByRole("button", { name: "Pause" }).click();
	await page.getByText(/^Paused after/).waitFor({ timeout: 60_000 });
	const paused = await doneUpdates(page);
	expect(paused).toBeLessThan(STEPS);

	// the model as it stands can be looked at like any other
	await page.getByRole("button", { name: `Look at the model after ${paused} updates` }).click();
	await page.getByRole("region", { name: "Next token" }).waitFor();
	await expect.poll(() => page.evaluate("location.hash")).toContain(`model=trained-here%40${paused}`);
	await settled(page);
	const rows = page.getByRole("region", { name: "Next token" }).getByRole("row");
	const shown = await rows.evaluateAll((all) =>
		all.slice(1).map((row) => [...row.children].map((cell) => cell.textContent?.trim())),
	);
	const part = await inNode(paused, BATCH, RATE);
	await using model = await base.withWeights(base.config, part.weights);
	const logits = await model.run(PROMPT);
	const last = logits.select(0).select((logits.shape[1] as number) - 1).data;
	const sum = last.reduce((total, logit) => total + Math.exp(logit), 0);
	expect(shown).toHaveLength(10);
	for (const [word = "", probability] of shown) {
		const [id = -1] = base.tokenize(word, { bos: false }).ids;
		expect(Number(probability)).toBeCloseTo(Math.exp(last[id] as number) / sum, 3);
	}

	// back: the training has been kept, and goes on as if it had not been paused
	await page.getByRole("button", { name: "Train", exact: true }).click();
	await training.getByRole("button", { name: "Continue" }).click();
	await page.getByText("Done", { exact: true }).waitFor({ timeout: 120_000 });
	const { losses, measured } = await exported(page);
	const whole = await inNode(STEPS, BATCH, RATE);
	expect(losses).toHaveLength(STEPS);
	for (const [step, loss] of whole.losses.entries())
		expect(Math.abs((losses[step] as number) - loss)).toBeLessThan(step < 20 ? 1e-4 : 2e-3);
	// the program that the page gives trains as the page did
	const said = (await runCode(await copiedCode(page, "Export training-seed-1"))).trim().split("\n");
	expect(said.map((line) => Number(line.split(" ")[0]))).toEqual([...whole.losses.keys()]);
	for (const [step, line] of said.entries())
		expect(Math.abs(Number(line.split(" ")[1]) - (whole.losses[step] as number))).toBeLessThan(2e-3);
	const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0) / some.length;
	expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)) - 0.03);
	expect(measured.map(({ step }) => step)).toEqual(expect.arrayContaining([0, paused, STEPS]));

	// training time can be gone back to, and a text that cannot be read says so and stops nothing
	const time = page.getByRole("slider", { name: "Training time" });
	await time.press("Home");
	await page.getByRole("heading", { name: "Heads after 0 updates" }).waitFor();
	await page.getByLabel("Text").fill("moon ".repeat(40));
	await page.getByText(/The text cannot be read: 40 tokens, but the model's context is 32/).waitFor();
	expect(complaints).toEqual([]);
	await page.close();
}, 240_000);

test("the recipe is the shipped one", async () => {
	const { model: _, checkpoint_steps: __, num_steps, ...rest } = await shipped();
	expect(recipe({ seed: 1, lr: 0.002, batch: 64, steps: 600 })).toEqual(rest);
	expect(num_steps).toBe(4000);
});

test("behind the socket it is the same: measured scores are the library's, and what is gone is told", async () => {
	await using service = studioService(nodeHost({ models: [], versions: {} }));
	const call = async <T>(name: string, params: object): Promise<T> => {
		const context = { report: () => {}, signal: new AbortController().signal };
		return unpackTensors((await service[name]?.(params as never, context))?.value) as T;
	};
	const settings = { seed: 1, lr: 0.002, batch: 64, steps: 30, prompt: PROMPT };
	const first = await call<StartedTraining>("trainStart", settings);
	const stretch = { training: first.id, from: 0, ms: 5000, prompt: PROMPT };
	let { step: done } = await call<TrainReport>("trainSteps", { ...stretch, updates: 7 });
	// a call lasts five seconds at most, which is few updates where much else runs
	while (done < 30)
		({ step: done } = await call<TrainReport>("trainSteps", { ...stretch, updates: 30 - done }));
	const look = { ...stretch, updates: 0, look: true };
	const report = await call<TrainReport>("trainSteps", look);
	const { losses, weights } = await inNode(30, 64, 0.002);
	expect(report).toMatchObject({ step: 30, ended: true, problem: "", kept: [0, 25, 30] });
	for (const [step, loss] of losses.entries()) expect(report.losses[step]).toBeCloseTo(loss, 4);

	await using model = await base.withWeights(base.config, weights);
	const scored = await scoreHeads(model, ["induction", "previous-token"], { samples: 16 });
	for (const [name, { values }] of scored) {
		const measured = report.frame?.scores[name as "induction"] ?? [];
		for (const [layer, heads] of values.entries())
			for (const [head, value] of heads.entries()) expect(measured[layer]?.[head]).toBeCloseTo(value, 3);
	}
	const { cache } = await model.runWithCache(PROMPT);
	const pattern = cache.get("blocks.1.attn.hook_pattern").select(0);
	expect(report.frame?.pattern?.select(1).shape).toEqual(pattern.shape);

	await expect(call("open", { ref: "trained-here@25" })).resolves.toMatchObject({ nLayers: 2, nHeads: 4 });
	await expect(call("open", { ref: "trained-here@26" })).rejects.toThrow(
		"step 26 was not kept; kept are multiples of 25 up to 30",
	);
	await call("trainStart", { ...settings, seed: 2 });
	await expect(call("trainSteps", stretch)).rejects.toThrow("training 1 is gone");
	// what was opened of the older training stays
	await expect(
		call("look", { model: "trained-here@25", prompts: [PROMPT], interventions: [] }),
	).resolves.toHaveLength(1);
	await expect(call("trainStart", { ...settings, lr: 1 })).rejects.toThrow("lr");
}, 120_000);
