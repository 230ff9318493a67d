import { type ScoreHeadsOptions, scoreHeads } from "headscope/scores";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { INTERVENTIONS, NAMED_PATTERNS } from "../../src/interventions/index.js";
import { randomRows } from "../../src/studio/random-rows.js";
import { expectAsByCommand } from "./by-command.js";
import { type OpenedStudio, openStudio, settled, studioOfFile } from "./open-studio.js";
import { changesOf, demoInNode, endNode, expectAsInNode, measured, printedMetrics } from "./touching.js";

const SENTENCE = "red fox moon bread king red fox moon bread";

const studio = studioOfFile();
let opened: OpenedStudio;

beforeAll(async () => {
	opened = await openStudio(studio.browser, studio.server.url);
});
afterAll(() => endNode());
beforeEach(async () => {
	const { page } = opened;
	const remove = page.getByRole("button", { name: "Remove all" });
	if (await remove.isVisible()) await remove.click();
	await changesOf(page).getByLabel("heads to change").fill("0.1");
	await settled(page);
});

const press = (page: Page, name: string): Promise<void> =>
	changesOf(page).getByRole("button", { name, exact: true }).click();

const replacePattern = async (page: Page, name: string): Promise<void> => {
	await changesOf(page).getByLabel("Pattern that replaces the head's").selectOption(name);
	await press(page, "Replace pattern");
	await changesOf(page).getByLabel(`pattern of 0.1 becomes ${name}`, { exact: true }).waitFor();
};

/** A way to change the model, and the kinds of interventions that come of it. */
interface Gesture {
	readonly kinds: readonly string[];
	add(page: Page): Promise<void>;
}

/** Each kind of change, as somebody adds it. */
const GESTURES: Readonly<Record<string, Gesture>> = {
	"zero ablation": { kinds: ["zero"], add: (page) => press(page, "Zero") },
	"mean ablation over random rows": { kinds: ["mean"], add: (page) => press(page, "Mean") },
	"resample ablation from random rows": { kinds: ["resample"], add: (page) => press(page, "Resample") },
	"scaling by a factor": {
		kinds: ["scale"],
		add: async (page) => {
			await press(page, "Scale");
			await changesOf(page).getByLabel("factor").fill("-0.5");
		},
	},
	"knocking out clicked keys": {
		kinds: ["knock-out"],
		add: async (page) => {
			await press(page, "Knock out keys");
			const keys = changesOf(page).getByRole("group", { name: "keys by token" });
			await keys.getByRole("button", { name: "position 3, bread" }).click();
			await keys.getByRole("button", { name: "position 0, red" }).click();
		},
	},
	"editing scores": {
		kinds: ["edit-scores"],
		add: async (page) => {
			await press(page, "Edit scores");
			await changesOf(page).getByLabel("amount of score 1").fill("30");
			await press(page, "Add a score");
		},
	},
	"patching from another text": {
		kinds: ["patch"],
		add: async (page) => {
			await press(page, "Patch");
			await changesOf(page)
				.getByLabel("text of donor other text")
				.fill("king moon fox red bread king moon fox red");
		},
	},
	"zeroing with all patterns frozen": {
		kinds: ["zero", "freeze"],
		add: async (page) => {
			await press(page, "Zero");
			await press(page, "Freeze patterns");
		},
	},
	"steering between two texts": {
		kinds: ["add"],
		add: async (page) => {
			await press(page, "Steer");
			await changesOf(page).getByLabel("away from").fill("bread king moon");
			await press(page, "Add the difference");
			await changesOf(page).getByText("add a vector to resid_pre of layer 1").waitFor();
		},
	},
	"replacing a pattern": {
		kinds: ["replace-pattern"],
		add: (page) => replacePattern(page, "uniform"),
	},
	"any kind at any hook point": {
		kinds: ["scale"],
		add: async (page) => {
			await changesOf(page).getByLabel("Any other kind of change").selectOption("scale");
			const editor = changesOf(page).locator(".change-editor");
			await editor.getByLabel("heads", { exact: true }).fill("");
			await editor.getByLabel("at", { exact: true }).fill("mlp_out");
			await editor.getByLabel("layers").fill("0 1");
			await editor.getByLabel("factor").fill("0.25");
			await editor.getByLabel("positions", { exact: true }).fill("2 4 -1");
		},
	},
};

test.each(Object.keys(GESTURES))("%s changes the metrics by what the command line prints", async (name) => {
	const { page } = opened;
	const gesture = GESTURES[name] as Gesture;
	await gesture.add(page);
	const { results, kinds } = await expectAsByCommand(page);
	expect(kinds).toEqual(gesture.kinds);
	expect(results.some(({ change }) => Math.abs(change) > 1e-3)).toBe(true);
});

test.each(Object.keys(NAMED_PATTERNS))("the pattern %s in a head's place is Node's", async (name) => {
	const { page } = opened;
	await replacePattern(page, name);
	await expectAsInNode(page);
});

test("every kind of intervention is among these", () => {
	// autoencoders need the engine in Node: models.test.ts
	const kinds = ["sae", ...Object.values(GESTURES).flatMap((gesture) => gesture.kinds)];
	expect(new Set(kinds)).toEqual(new Set(INTERVENTIONS.map(({ kind }) => kind)));
});

test("metrics that the user adds are measured, and one that does not fit says why", async () => {
	const { page } = opened;
	await press(page, "Zero");
	const add = page.getByLabel("Add a metric");
	for (const kind of ["log-probability", "logit-difference", "rank", "head-score"])
		await add.selectOption(kind);
	await expectAsInNode(page);
	await add.selectOption("induction-loss");
	await measured(page);
	const table = page.getByRole("table", { name: "Metrics" });
	await table.getByText("needs rows of one repeated segment").waitFor();
	expect((await printedMetrics(page)).filter((row) => row.length === 4)).toHaveLength(7);
	for (const kind of ["log-probability", "logit-difference", "rank"])
		await table.getByRole("button", { name: `Remove metric: ${kind}` }).click();
	await page.getByLabel("measured on").selectOption("random tokens said twice");
	await expectAsInNode(page);
	await table.getByRole("button", { name: "Remove metric: induction-loss" }).click();
	await table.getByRole("button", { name: "Remove metric: head-score" }).click();
	await page.getByLabel("measured on").selectOption("the prompts");
	await measured(page);
});

test("strength 0 is the clean model, undo and redo go back and on, and off is clean too", async () => {
	const { page } = opened;
	await press(page, "Zero");
	await measured(page);
	const [full] = await printedMetrics(page);
	const slider = page.getByLabel("Strength of: zero z of 0.1");
	await slider.fill("0");
	await measured(page);
	for (const [before, after] of await printedMetrics(page)) expect(after).toBe(before);
	await page.getByRole("button", { name: "Undo", exact: true }).click();
	await measured(page);
	expect((await printedMetrics(page))[0]).toEqual(full);
	await page.getByRole("button", { name: "Redo", exact: true }).click();
	expect(await slider.inputValue()).toBe("0");
	await page.getByRole("button", { name: "Undo", exact: true }).click();
	await page.getByRole("button", { name: "All off" }).click();
	await measured(page);
	for (const [before, after] of await printedMetrics(page)) expect(after).toBe(before);
	await page.getByLabel("zero z of 0.1", { exact: true }).check();
	await measured(page);
	expect((await printedMetrics(page))[0]).toEqual(full);
});

test("what is wrong with a change is told at that change, and the others act", async () => {
	const { page } = opened;
	await press(page, "Zero");
	await measured(page);
	const alone = await printedMetrics(page);
	await press(page, "Scale");
	await changesOf(page).getByLabel("heads", { exact: true }).fill("9.9");
	const item = changesOf(page).getByRole("listitem").filter({ hasText: "z of 9.9 times 2" });
	await item.getByRole("alert").waitFor();
	expect(await item.getByRole("alert").textContent()).toMatch(/no head "9.9"; nearest: 1\.3/);
	await expectAsInNode(page);
	expect(await printedMetrics(page)).toEqual(alone);
	expect(await page.locator(".notices .problem").count()).toBe(0);
});

test("changes can be moved, and random rows follow the prompt's length", async () => {
	const { page } = opened;
	await press(page, "Mean");
	await press(page, "Zero");
	const items = changesOf(page).getByRole("list", { name: "Changes of the model" }).getByRole("listitem");
	await page.getByRole("button", { name: "Move up: zero z of 0.1" }).click();
	expect(await items.first().textContent()).toContain("zero z of 0.1");
	const text = page.getByLabel("Text", { exact: true });
	const before = await text.inputValue();
	await text.fill("moon fox moon");
	await expectAsInNode(page);
	expect(await changesOf(page).getByRole("alert").count()).toBe(0);
	await text.fill(before);
	await measured(page);
});

test("heads of a model whose changes take values of other rows are scored", async () => {
	const { page, complaints } = opened;
	const model = await demoInNode();
	const finder = page.getByRole("region", { name: "Head finder" });
	/** Whether the finder's table is what the library ranks. */
	const expectRanking = async (options: ScoreHeadsOptions): Promise<void> => {
		const found = await scoreHeads(model, ["induction", "previous-token"], options);
		const { ranking = [] } = found.get("induction") ?? {};
		const wanted = ranking.map(({ head, score }) => `${head} ${score.toFixed(3)}`);
		const rows = finder.locator(".ranking tbody tr");
		const shown = (): Promise<string[]> =>
			rows.evaluateAll((all) =>
				all.map((row) =>
					[...row.children]
						.slice(0, 2)
						.map((cell) => cell.textContent?.trim())
						.join(" "),
				),
			);
		await expect.poll(shown, { timeout: 60_000 }).toEqual(wanted);
	};
	await finder.getByRole("combobox", { name: "of the" }).selectOption("changed");
	await press(page, "Mean");
	const mean = { kind: "mean", heads: ["0.1"], from: "random" } as const;
	/** Rows of random tokens, as long as those that are scored. */
	const randomFor = async (rows: readonly (readonly number[])[]) => {
		const length = Math.max(...rows.map((row) => row.length));
		const ids = randomRows({ length, vocab: model.config.vocab, front: undefined }, 8, 0);
		return (await model.runWithCache(ids, { names: /hook_z$/, logits: false })).cache;
	};
	await expectRanking({
		samples: 20,
		run: async (_, { ids }) => ({ interventions: [mean], donors: { random: await randomFor(ids) } }),
	});
	// another text's values fit the prompt and no drawn row
	await press(page, "Patch");
	const text = "king moon fox red bread king moon fox red";
	await changesOf(page).getByLabel("text of donor other text").fill(text);
	await finder.getByText(/Left out of the scores: .*"other text.*on the prompts it may act/).waitFor();
	await finder.getByRole("combobox", { name: "on", exact: true }).selectOption("prompts");
	const patch = { kind: "patch", heads: ["0.1"], from: "other" } as const;
	const ids = [[...model.tokenize(SENTENCE).ids]];
	const { cache: other } = await model.runWithCache(text, { names: /hook_z$/ });
	await expectRanking({
		ids,
		run: { interventions: [mean, patch], donors: { random: await randomFor(ids), other } },
	});
	expect(await finder.locator(".problem").count()).toBe(0);
	await finder.getByRole("combobox", { name: "on", exact: true }).selectOption("samples");
	await finder.getByRole("combobox", { name: "of the" }).selectOption("clean");
	expect(complaints).toEqual([]);
});

test("a change that fits the prompt but not the rows of metrics is left out of these alone, and told", async () => {
	const { page } = opened;
	await press(page, "Zero");
	await page.getByLabel("measured on").selectOption("random tokens said twice");
	await measured(page);
	const alone = await printedMetrics(page);
	await press(page, "Patch");
	await changesOf(page)
		.getByLabel("text of donor other text")
		.fill("king moon fox red bread king moon fox red");
	await measured(page);
	const outcome = page.getByRole("region", { name: "Outcome" });
	await outcome
		.getByText(/^Left out of the metrics: z of 0\.1 from "other text.* tokens, but row 0/)
		.waitFor();
	expect(await printedMetrics(page)).toEqual(alone);
	expect(await changesOf(page).getByRole("alert").count()).toBe(0);
	// one that fits neither is told in the list, and the others act on both
	await changesOf(page).getByLabel("text of donor other text").fill("king moon");
	const item = changesOf(page).getByRole("listitem").filter({ hasText: 'from "other text' });
	await item.getByRole("alert").waitFor();
	await page.getByLabel("measured on").selectOption("the prompts");
	await measured(page);
	expect(await outcome.getByText("Left out of the metrics").count()).toBe(0);
	await expectAsInNode(page);
});

test("prompts of other lengths are told when patching, those of one length are patched and averaged", async () => {
	const { page } = opened;
	await page.evaluate(
		(hash) => {
			location.hash = hash;
		},
		String(new URLSearchParams({ v: "1", prompts: JSON.stringify([SENTENCE, "red fox"]), head: "1.3" })),
	);
	await page.getByLabel("Text 2").waitFor();
	await settled(page);
	await press(page, "Patch");
	await changesOf(page).getByText("prompt 1 has 9 tokens and prompt 2 has 2").waitFor();
	await page.getByLabel("Text 2").fill("king moon fox red bread king moon fox red");
	await settled(page);
	await press(page, "Patch");
	await changesOf(page).getByLabel('z of 0.1 from "prompt 1"', { exact: true }).waitFor();
	await expectAsInNode(page);
	await page.getByRole("button", { name: "Remove all" }).click();
	await changesOf(page)
		.getByLabel("Where mean and resample ablation take values from")
		.selectOption("over the prompts");
	for (const kind of ["Mean", "Resample"]) {
		await press(page, kind);
		await expectAsInNode(page);
	}
});

test("an address brings back everything that was touched", async () => {
	const { page, complaints } = opened;
	await press(page, "Resample");
	await press(page, "Edit scores");
	await page.getByLabel("Strength of: z of 0.1 from").fill("0.4");
	await page.getByLabel("Add a metric").selectOption("log-probability");
	await measured(page);
	const list = changesOf(page).getByRole("list", { name: "Changes of the model" });
	const [words, shown] = [await list.getByRole("checkbox").count(), await printedMetrics(page)];
	await page.reload();
	await page.locator("body[data-looked]").waitFor();
	await measured(page);
	expect(await list.getByRole("checkbox").count()).toBe(words);
	expect(await page.getByLabel("Strength of: z of 0.1 from").inputValue()).toBe("0.4");
	expect(await printedMetrics(page)).toEqual(shown);
	expect(complaints).toEqual([]);
});
