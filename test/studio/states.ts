import type { Page } from "playwright-core";
import { addressOf } from "./heat-maps.js";
import { settled } from "./open-studio.js";
import { FULL_VIEWS, type FullView } from "./scenes.js";

/** A state of the page, reached from the one before it. */
export interface State {
	readonly name: string;
	/** What of the page it is about, where something lies over the rest. Default all of it. */
	readonly part?: string;
	reach(page: Page): Promise<unknown>;
}

/** Goes to a scene without loading the page anew. */
async function go(page: Page, scene: Readonly<Record<string, unknown>>): Promise<void> {
	const { hash } = new URL(addressOf("http://localhost/", scene));
	await page.evaluate(
		(next) =>
			new Promise<void>((done) => {
				addEventListener("hashchange", () => done(), { once: true });
				location.hash = next;
			}),
		hash,
	);
	await settled(page);
}

const press = (page: Page, name: string): Promise<void> =>
	page.getByRole("button", { name, exact: true }).first().click();
const pressEscape = (page: Page): Promise<void> => page.keyboard.press("Escape");

/** Opens the first of each kind of table behind a picture. */
async function openTables(page: Page): Promise<void> {
	await page.evaluate(() => {
		const kinds = new Map<string, HTMLDetailsElement>();
		for (const one of document.querySelectorAll<HTMLDetailsElement>("main details"))
			if (!kinds.has(one.className)) kinds.set(one.className, one);
		for (const one of kinds.values()) one.open = true;
	});
	await page.locator("main details[open]:not(:has(table))").first().waitFor({ state: "detached" });
}

/** Goes to a view with everything in it, and opens tables. */
function filled(name: string, more: Readonly<Record<string, unknown>> = {}): State {
	const { scene, fill } = FULL_VIEWS[name] as FullView;
	return {
		name: `${name}, filled`,
		reach: async (page) => {
			await go(page, { ...scene, ...more });
			await fill(page);
			await openTables(page);
		},
	};
}

/** On, of a head that is not there, and off. */
const CHANGES = [
	{ on: true, data: { kind: "zero", heads: ["0.1"], strength: 0.6 } },
	{ on: true, data: { kind: "scale", heads: ["9.9"], factor: 2 } },
	{ on: false, data: { kind: "mean", heads: ["1.2"], over: "batch-and-pos", from: "random" } },
];
const UNEQUAL = ["red fox moon bread king red fox moon bread", "moon"];

/** States of the heads view, and what can lie over it. */
const HEADS: readonly State[] = [
	{ name: "the first look", reach: settled },
	filled("heads", {
		changes: CHANGES,
		donors: { random: { ids: [[0]] } },
		pins: ["0.1", "1.2"],
		head: "1.3",
		token: 6,
		order: "score",
	}),
	{
		name: "changes being edited",
		reach: async (page) => {
			await press(page, "Edit scores");
			await page.locator(".change-editor").waitFor();
			await press(page, "Steer");
			await page.getByLabel("Add a metric").selectOption("logit-difference");
			await page.locator(".metric-form").waitFor();
			await settled(page);
		},
	},
	{
		name: "keys being knocked out",
		part: ".changes",
		reach: async (page) => {
			await press(page, "Knock out keys");
			await page.getByRole("group", { name: "keys by token" }).waitFor();
			await settled(page);
		},
	},
	{
		name: "several prompts",
		reach: async (page) => {
			await go(page, { prompts: UNEQUAL });
			await press(page, "Add a prompt");
			await page.getByLabel("token ids").check();
			await page.getByLabel("Text 3", { exact: true }).waitFor();
			await settled(page);
		},
	},
	{
		name: "the menu for sharing",
		part: "header",
		reach: (page) => press(page, "Share"),
	},
	{
		name: "what sharing says",
		part: "header",
		reach: async (page) => {
			await page.getByRole("menuitem", { name: "Copy the address" }).click();
			await page.locator("header .menu-note").filter({ hasText: /\S/ }).waitFor();
		},
	},
	{
		name: "a head's menu",
		part: ".head-large .menu",
		reach: (page) =>
			page
				.getByRole("button", { name: /^Export head/ })
				.first()
				.click(),
	},
	{
		name: "a program",
		part: "dialog[open]",
		reach: async (page) => {
			await page.getByRole("menuitem", { name: "Copy as TypeScript" }).click();
			await page.getByRole("dialog", { name: "As TypeScript" }).waitFor();
		},
	},
	{
		name: "a pattern being drawn",
		part: "dialog[open]",
		reach: async (page) => {
			await pressEscape(page);
			await press(page, "Draw pattern");
			const dialog = page.getByRole("dialog", { name: "Draw a pattern" });
			await dialog.getByRole("application").waitFor();
			await dialog.getByText("As numbers").click();
		},
	},
	{
		name: "another model being named",
		part: "header",
		reach: async (page) => {
			await pressEscape(page);
			await page.locator(".model-choice select").selectOption({ label: "another ..." });
			await page.getByLabel("Hub id or address").waitFor();
		},
	},
	{
		name: "what is wrong with an address and a text",
		reach: async (page) => {
			await go(page, { v: "9", colour: "blue", token: -4, head: "7.7" });
			await page.getByLabel("Text", { exact: true }).fill("");
			await page.getByText("no tokens").first().waitFor();
		},
	},
	{
		name: "what is wrong with a file",
		part: ".notices",
		reach: async (page) => {
			const buffer = Buffer.from("GGUF not really");
			const files = [{ name: "model.gguf", mimeType: "application/octet-stream", buffer }];
			await page.getByLabel("Open files").setInputFiles(files);
			await page.locator(".notices").getByText("model.gguf").first().waitFor();
		},
	},
	{
		name: "the help",
		part: "dialog[open]",
		reach: async (page) => {
			await press(page, "Help");
			await page.getByRole("dialog", { name: "Help" }).waitFor();
		},
	},
	...["Type", "The best induction head", "Wipe its partner", "See it form", "Share"].map(
		(title, i): State => ({
			name: `the tour: ${title}`,
			part: ".tour-card",
			reach: async (page) => {
				await press(page, i === 0 ? "Take the tour" : "Next");
				await page.getByRole("dialog", { name: title, exact: true }).waitFor();
			},
		}),
	),
];

/** States of the other views. */
const OTHERS: readonly State[] = [
	{
		name: "a sweep that was not run",
		reach: async (page) => {
			await press(page, "Skip the tour");
			await go(page, { view: "sweeps" });
			await page.getByText("not run yet").waitFor();
		},
	},
	filled("ablation sweep"),
	{
		name: "patching with one prompt",
		reach: async (page) => {
			await go(page, { view: "sweeps", views: { sweeps: { sweep: "patch" } } });
			await page.getByRole("button", { name: "Add the corrupted prompt" }).waitFor();
		},
	},
	{
		name: "patching with prompts of other lengths",
		reach: async (page) => {
			await go(page, { view: "sweeps", prompts: UNEQUAL, views: { sweeps: { sweep: "patch", live: true } } });
			await page.getByText("need as many tokens").first().waitFor();
		},
	},
	filled("patching sweep"),
	filled("logit lens"),
	filled("attribution"),
	filled("regression"),
	{
		name: "a run whose metrics are asked for",
		part: ".metrics",
		reach: async (page) => {
			await go(page, { view: "regression", views: { regression: { run: "M=65536" } } });
			await page.getByRole("button", { name: "Measure", exact: true }).waitFor();
		},
	},
	{
		name: "a training with a setting that is not allowed",
		reach: async (page) => {
			await go(page, { view: "train", views: { train: { steps: 400, batch: 4 } } });
			await page.getByLabel("Batch").fill("0");
			await page.getByText("Batch: allowed").waitFor();
		},
	},
	{
		name: "a training that pauses",
		reach: async (page) => {
			await page.getByLabel("Batch").fill("4");
			await press(page, "Start");
			await page.getByText(/^Heads after [1-9]/).waitFor();
			await press(page, "Pause");
			await page.getByText(/^Paused after/).waitFor({ state: "attached" });
			await openTables(page);
		},
	},
];

/** Every view, empty and with everything in it, every dialog, menu and message of the page, in an order in which each follows from the one before. */
export const STATES: readonly State[] = [...HEADS, ...OTHERS];
