import type { Tensor } from "headscope";
import { basisBatch, dmmse, type Run, ridge, TorchRandom } from "headscope/icl";
import { getAttention } from "headscope/mechinterp";
import { resolveRun } from "headscope/node";
import { hook, patch_, relativeChange, setHeadsTo } from "headscope/patching";
import type { Locator, Page } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { nodeHost } from "../../src/studio/server/host-node.js";
import { studioService } from "../../src/studio/service/service.js";
import { copiedCode, runCode } from "./copied-code.js";
import { openStudio, studioOfFile } from "./open-studio.js";

/** Tables have five decimals, which may be off by half of the last one beside the difference that is allowed. */
const TOLERANCE = 5e-5 + 5e-6;

const studio = studioOfFile();
let page: Page;
let complaints: readonly string[];

beforeAll(async () => {
	({ page, complaints } = await openStudio(studio.browser, `${studio.server.url}#v=1&view=regression`));
	await shown();
});

/** Waits until what was last chosen is computed and drawn. */
async function shown(): Promise<void> {
	for (const part of ["", " .metrics", " .activations"])
		await page
			.locator(`.regression[data-busy="no"]${part}:not([data-busy="yes"])`)
			.waitFor({ timeout: 60_000 });
}

/** The numbers of a table without its heads, once it is drawn. */
async function numbers(table: Locator): Promise<number[][]> {
	await table.locator("tbody tr").first().waitFor();
	const rows = await table.locator("tbody tr").all();
	return Promise.all(
		rows.map(async (row) => (await row.locator("td").allInnerTexts()).map((text) => numberOf(text))),
	);
}

function numberOf(text: string): number {
	const number = Number(text.replace("−", "-").replace("%", ""));
	return text.includes("%") ? number / 100 : number;
}

function column(rows: readonly (readonly number[])[], at: number): number[] {
	return rows.map((row) => row[at] as number);
}

function expectNear(found: readonly number[], wanted: ArrayLike<number>): void {
	expect(found.length).toBe(wanted.length);
	for (const [i, value] of found.entries())
		expect(Math.abs(value - (wanted[i] as number)), `entry ${i}`).toBeLessThan(TOLERANCE);
}

const predictions = (): Locator => page.getByRole("region", { name: "Table of predictions" });
const metrics = (): Locator => page.getByRole("region", { name: "Table of metrics" });

/** Opens the table behind a matrix. */
async function tableOf(title: string): Promise<number[][]> {
	const figure = page.locator("figure.matrix-map", { has: page.getByText(title, { exact: true }) });
	const details = figure.locator("details");
	if ((await details.getAttribute("open")) === null) await details.locator("summary").click();
	return numbers(figure.getByRole("region"));
}

function basisOf(run: Run): { xs: Tensor<"float32">; ys: Tensor<"float32"> } {
	const { prior, noiseVariance } = run.pretrainDist;
	const std = Math.sqrt(noiseVariance);
	return basisBatch((prior.tasks as Tensor).select(0), run.model.config.maxExamples, std, new TorchRandom(0));
}

/** Whether the page shows what the library computes of a run on inputs along the axes. */
async function compare(label: string): Promise<void> {
	await using run = await resolveRun(label);
	const { xs, ys } = basisOf(run);
	const { prior, noiseVariance } = run.pretrainDist;
	const found = await numbers(predictions());
	const first = (tensor: Tensor): ArrayLike<number> => tensor.select(0).to("float32").data;
	expectNear(column(found, 0), first(ys));
	expectNear(column(found, 1), first(await run.model.predict(xs, ys)));
	expectNear(column(found, 2), first(ridge({ xs, ys, noiseVariance }).predictions));
	const tasks = prior.tasks as Tensor;
	expectNear(column(found, 3), first(dmmse({ xs, ys, noiseVariance, tasks }).predictions));
	const attention = await getAttention(run.model, xs, ys);
	for (const head of ["0.1", "1.1"]) {
		await page.getByRole("button", { name: `Head ${head}`, exact: true }).click();
		const [layer = 0, index = 0] = head.split(".").map(Number);
		const pattern = (attention[layer] as Tensor).select(0).select(index);
		expectNear((await tableOf(`Head ${head}`)).flat(), pattern.to("float32").data);
	}
	const evaluation = await run.evaluate();
	const measured = await numbers(metrics());
	expectNear(column(measured, 0), Object.values(evaluation.metrics));
	expectNear(column(measured, 1), Object.values(evaluation.standardErrors));
}

test("shows predictions, optimal predictors, patterns and metrics of a run as the library computes them", async () => {
	await compare("M=64");
	await page.getByRole("button", { name: "M=1", exact: true }).click();
	await shown();
	await compare("M=1");
	expect(complaints).toEqual([]);
});

/** Whether the table of metrics has both numbers of each, and their relative change. */
async function expectMetrics(
	before: Readonly<Record<string, number>>,
	after: Readonly<Record<string, number>>,
): Promise<void> {
	const found = await numbers(metrics());
	expectNear(column(found, 0), Object.values(before));
	expectNear(column(found, 2), Object.values(after));
	const changes = Object.values(relativeChange(before, after));
	for (const [i, change] of column(found, 5).entries()) {
		const wanted = changes[i] as number;
		// percent with two decimals, of numbers that may differ themselves in the fifth one
		const allowed = 5e-5 + (5e-5 * (1 + Math.abs(wanted))) / Math.abs(Object.values(before)[i] as number);
		expect(Math.abs(change - wanted)).toBeLessThan(allowed);
	}
}

test("hand-made patterns change every metric by as much as in the notebook", async () => {
	await page.getByLabel("What head 0.1 does").selectOption("self-pair");
	await page.getByLabel("What head 0.2 does").selectOption("previous-token");
	await shown();
	await using run = await resolveRun("M=1");
	const hooked = hook(run.model);
	patch_(
		hooked.at("token_sequence_transformer.blocks.0.attention.attention_softmax"),
		setHeadsTo({ 1: "self-pair", 2: "previous-token" }),
	);
	const before = (await run.evaluate()).metrics;
	const after = (await run.evaluate(hooked)).metrics;
	await expectMetrics(before, after);
	const { xs, ys } = basisOf(run);
	expectNear(
		column(await numbers(predictions()), 2),
		(await hooked.predict(xs, ys)).select(0).to("float32").data,
	);
	await page.keyboard.press("Control+z");
	await page.keyboard.press("Control+z");
	await shown();
	expect(await page.getByLabel("What head 0.1 does").inputValue()).toBe("own");
	expectNear(column(await numbers(metrics()), 0), Object.values(before));
	expect((await numbers(metrics()))[0]).toHaveLength(2);
});

test("the programs that the page gives find what it shows", async () => {
	await page.getByLabel("What head 0.1 does").selectOption("self-pair");
	await page.getByLabel("What head 0.2 does").selectOption("previous-token");
	await shown();
	await using run = await resolveRun("M=1");
	const interventions = [
		{ kind: "replace-pattern", heads: ["0.1"], pattern: "self-pair" },
		{ kind: "replace-pattern", heads: ["0.2"], pattern: "previous-token" },
	] as const;
	const { xs, ys } = basisOf(run);
	const predict = (x: Tensor, y: Tensor): Promise<Tensor<"float32">> =>
		run.model.predict(x, y, { interventions });
	const before = (await run.evaluate()).metrics;
	const after = (await run.evaluate(predict)).metrics;
	const programs: string[] = [];
	for (const menu of ["predictions", "patterns", "metrics", "activation"])
		programs.push(await copiedCode(page, `Export ${menu}-`));
	const [predicted = "", patterns = "", relative = "", activation = ""] = await Promise.all(
		programs.map(runCode),
	);
	const said = JSON.parse(/^model (.*)$/m.exec(predicted)?.[1] ?? "[]") as number[][][];
	expectNear(said.flat(2), (await predict(xs, ys)).to("float32").data);
	expect(predicted).toMatch(/^ridge .*\ndMMSE /m);
	const [layer = "[]"] = patterns.split("\n");
	expectNear(
		(await tableOf("Head 0.2, changed run")).flat(),
		(JSON.parse(layer) as number[][][][])[0]?.[2]?.flat() ?? [],
	);
	const changes = JSON.parse(relative) as Record<string, number>;
	for (const [name, change] of Object.entries(relativeChange(before, after)))
		expect(Math.abs((changes[name] as number) - change) / (1 + Math.abs(change))).toBeLessThan(5e-5);
	const location = "token_sequence_transformer.blocks.0.attention.attention";
	const { cache } = await run.model.runWithCache(xs, ys, { names: [location] });
	expectNear((JSON.parse(activation) as number[][][]).flat(2), cache.get(location).to("float32").data);
	await page.getByRole("button", { name: "Put all heads back" }).click();
	await shown();
}, 180_000);

test("a pattern drawn by hand over a named one changes every metric by as much as in Node", async () => {
	await page.getByRole("button", { name: "Head 0.1", exact: true }).click();
	await page.getByRole("button", { name: "Draw head 0.1" }).click();
	const dialog = page.getByRole("dialog", { name: "Draw a pattern" });
	await dialog.getByLabel("Start from").selectOption("previous-token");
	await dialog.getByText("As numbers").click();
	const text = dialog.getByLabel("Rows of the pattern, a line for each query");
	await expect.poll(async () => (await text.inputValue()).split("\n").at(-1)).toMatch(/^(0 ){14}1 0$/);
	// y3 looks at x0 as much as at x3
	const rows = (await text.inputValue()).split("\n").with(7, "1 0 0 0 0 0 1 0");
	await text.fill(rows.join("\n"));
	await text.blur();
	await dialog.getByText("row 7 sums to 2.00: scaled to 1 when used").waitFor();
	await dialog.getByRole("button", { name: "Use this pattern" }).click();
	await shown();
	const choice = page.getByLabel("What head 0.1 does");
	expect(await choice.inputValue()).toBe("drawn");
	await using run = await resolveRun("M=1");
	const pattern = rows.map((row) => [...row.split(" ").map(Number), ...Array(16).fill(0)].slice(0, 16));
	const interventions = [{ kind: "replace-pattern", heads: ["0.1"], pattern, normalize: true }] as const;
	const before = (await run.evaluate()).metrics;
	const after = (await run.evaluate((xs, ys) => run.model.predict(xs, ys, { interventions }))).metrics;
	await expectMetrics(before, after);
	const shares = await tableOf("Head 0.1, changed run");
	expect(shares[7]).toEqual(pattern[7]?.map((share) => share / 2));
	// the address holds it, and it can be drawn again
	await page.reload();
	await shown();
	await expectMetrics(before, after);
	await page.getByRole("button", { name: "Draw head 0.1" }).click();
	await dialog.getByText("row 7 sums to 2.00").waitFor();
	await page.keyboard.press("Escape");
	await page.getByRole("button", { name: "Put all heads back" }).click();
	await shown();
	expect(await choice.inputValue()).toBe("own");
});

test("a number that is typed over makes an edited sequence, which the address keeps", async () => {
	await page.getByLabel("Inputs").selectOption("random");
	await page.getByLabel("Seed").fill("5");
	await shown();
	await page.getByLabel("y2", { exact: true }).fill("4.25");
	await page.getByLabel("y2", { exact: true }).press("Enter");
	await shown();
	expect(await page.getByLabel("Inputs").inputValue()).toBe("edited");
	await using run = await resolveRun("M=1");
	const { xs, ys } = run.pretrainDist.getBatch(8, 4, new TorchRandom(5));
	const [x, y] = [xs.slice(0, 0, 1), ys.slice(0, 0, 1)];
	y.data[2] = 4.25;
	const wanted = (await run.model.predict(x, y)).data;
	expectNear(column(await numbers(predictions()), 1), wanted);
	await page.reload();
	await shown();
	expectNear(column(await numbers(predictions()), 1), wanted);
	await page.getByLabel("Inputs").selectOption("basis");
	await page.getByLabel("Seed").fill("0");
	await shown();
});

test("checkpoints show how patterns and activations form", async () => {
	await page.getByRole("button", { name: "M=64", exact: true }).click();
	await shown();
	const slider = page.getByRole("slider", { name: "Training of M=64: step" });
	await page.getByRole("button", { name: "Head 0.1", exact: true }).click();
	const location = "token_sequence_transformer.blocks.1.attention.attention";
	await page.getByRole("button", { name: location, exact: true }).click();
	for (const [key, step] of [
		["Home", 0],
		["End", 49999],
	] as const) {
		await slider.press(key);
		await shown();
		await using run = await resolveRun(`M=64@${step}`);
		const { xs, ys } = basisOf(run);
		const [first] = await getAttention(run.model, xs, ys);
		const pattern = (first as Tensor).select(0).select(1).to("float32");
		expectNear((await tableOf("Head 0.1")).flat(), pattern.data);
		// the head comes to look at the token before: of y_k at x_k
		const toOwnX = pattern.at(3, 2);
		if (step === 0) expect(toOwnX).toBeLessThan(0.5);
		else expect(toOwnX).toBeGreaterThan(0.9);
		const { cache } = await run.model.runWithCache(xs, ys, { names: [location] });
		const fused = cache.get(location).select(0).to("float32"); // [pos, 3 * d_model]
		const queries = fused.slice(1, 2 * 48, 2 * 48 + 16); // head 2's q
		expectNear((await tableOf("2.Q")).flat(), queries.data);
	}
	expect(complaints).toEqual([]);
});

test("the engine in Node opens the same runs", async () => {
	const service = studioService(nodeHost({ models: [], versions: {} }));
	const call = async (method: string, params: unknown): Promise<unknown> => {
		const context = { report: () => {}, signal: new AbortController().signal };
		const reply = await service[method]?.(params as never, context);
		return reply?.value;
	};
	try {
		expect(await call("hello", {})).toMatchObject({ runs: ["M=1", "M=4", "M=64", "M=65536"] });
		expect(await call("runsOpen", { run: "M=4" })).toMatchObject({ label: "M=4", numTasks: 4, nLayers: 2 });
		const request = { run: "M=4", step: 525, interventions: [], probe: { kind: "basis", seed: 0 } };
		const look = (await call("regressionLook", request)) as {
			clean: { predictions: { data: Float32Array } };
		};
		await using run = await resolveRun("M=4@525");
		const { xs, ys } = basisOf(run);
		expectNear([...look.clean.predictions.data], (await run.model.predict(xs, ys)).data);
		await expect(call("runsOpen", { run: "M=5" })).rejects.toThrow('run "M=5", allowed M=1, M=4');
		await expect(call("regressionLook", { ...request, step: 7 })).rejects.toThrow("no checkpoint of step 7");
	} finally {
		await service[Symbol.asyncDispose]();
	}
});
