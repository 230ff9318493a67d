// Takes pictures of the studio's views in each of its looks, to be looked at by somebody.
//
//   npm run build && node scripts/studio-screenshots.mjs FOLDER [PART-OF-A-NAME]

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [folder, only = ""] = process.argv.slice(2);
if (!folder) throw new Error("usage: node scripts/studio-screenshots.mjs FOLDER [PART-OF-A-NAME]");
mkdirSync(folder, { recursive: true });

const LOOKS = {
	light: { colorScheme: "light", viewport: { width: 1280, height: 900 } },
	dark: { colorScheme: "dark", viewport: { width: 1280, height: 900 } },
	phone: { colorScheme: "light", viewport: { width: 390, height: 844 } },
};
const PROMPT = "red fox moon bread king red fox moon bread";
const CORRUPT = "red fox moon king bread red fox moon bread";
const zero = [{ on: true, data: { kind: "zero", heads: ["0.1"] } }];
const several = [
	...zero,
	{ on: true, data: { kind: "scale", heads: ["9.9"], factor: 2 } },
	{ on: false, data: { kind: "mean", heads: ["1.2"], over: "batch-and-pos", from: "random" } },
];

const swept = (page) => page.locator(".sweep-status [role=status]", { hasText: "follows" }).waitFor();
const click = (page, name) => page.getByRole("button", { name, exact: true }).first().click();
const typed = (page, text) => page.getByLabel("Text", { exact: true }).fill(text);
const problem = (page) => page.locator(".notices .problem").first().waitFor();

/** Scenes by name: what the address holds, and what is done then. */
const SHOTS = {
	heads: [{}],
	"heads-changed": [{ changes: several, donors: { random: { ids: [[0]] } }, pins: ["0.1", "1.2"], token: 6 }],
	"heads-difference": [{ changes: zero, views: { heads: { show: "difference" } } }],
	"heads-log": [{ scale: "log", order: "score", bos: true }],
	"heads-prompts": [{ prompts: [PROMPT, CORRUPT, "moon moon"] }],
	"heads-long": [{ prompts: [Array(6).fill("violet mouse moon green star").join(" ")] }],
	"heads-tables": [
		{ changes: zero },
		async (page) => {
			for (const one of await page.locator("summary").all()) await one.click();
		},
	],
	"heads-editor": [
		{ changes: zero },
		async (page) => {
			await page.getByLabel("Any other kind of change").selectOption("edit-scores");
			await page.locator(".change-editor").waitFor();
		},
	],
	"heads-steer": [{}, (page) => click(page, "Steer")],
	draw: [
		{},
		async (page) => {
			await click(page, "Draw pattern");
			await page.getByRole("dialog").waitFor();
		},
	],
	sweep: [{ view: "sweeps", changes: zero, views: { sweeps: { live: true } } }, swept],
	"sweep-not-run": [{ view: "sweeps" }],
	patch: [
		{ view: "sweeps", prompts: [PROMPT, CORRUPT], views: { sweeps: { sweep: "patch", live: true } } },
		swept,
	],
	"patch-empty": [{ view: "sweeps", views: { sweeps: { sweep: "patch" } } }],
	lens: [{ view: "lens", changes: zero }, (page) => page.locator("figure.heat-map").nth(1).waitFor()],
	attribution: [
		{ view: "lens", changes: zero, views: { lens: { reading: "attribution", wrong: "red" } } },
		(page) => page.locator("figure.heat-map").nth(1).waitFor(),
	],
	regression: [
		{ view: "regression" },
		(page) => page.locator('.regression[data-busy="no"] .metrics[data-busy="no"] table').waitFor(),
	],
	"regression-changed": [
		{
			view: "regression",
			views: { regression: { changes: { 0.1: "uniform", 1.2: "zero" }, probe: "random" } },
		},
		(page) => page.locator('.regression[data-busy="no"] .metrics[data-busy="no"] table').waitFor(),
	],
	"train-before": [{ view: "train" }],
	train: [
		{ view: "train", views: { train: { steps: 300 } } },
		async (page) => {
			await click(page, "Start");
			await page.getByText("Done", { exact: true }).waitFor({ timeout: 180_000 });
		},
	],
	share: [{}, (page) => click(page, "Share")],
	export: [
		{},
		(page) =>
			page
				.getByRole("button", { name: /^Export head/ })
				.first()
				.click(),
	],
	code: [
		{ changes: zero },
		async (page) => {
			await page
				.getByRole("button", { name: /^Export head/ })
				.first()
				.click();
			await page.getByRole("menuitem", { name: "Copy as TypeScript" }).click();
			await page.getByRole("dialog").waitFor();
		},
	],
	help: [{}, (page) => click(page, "Help")],
	"error-empty": [
		{},
		async (page) => {
			await typed(page, "");
			await problem(page);
		},
	],
	"error-long": [
		{},
		async (page) => {
			await typed(page, "moon ".repeat(100));
			await problem(page);
		},
	],
	"error-file": [
		{},
		async (page) => {
			const file = {
				name: "model.gguf",
				mimeType: "application/octet-stream",
				buffer: Buffer.from("GGUF not really"),
			};
			await page.getByLabel("Open files").setInputFiles([file]);
			await problem(page);
		},
	],
	"error-address": [{ v: "9", colour: "blue", token: -4 }, problem],
	"error-model": [{ model: "file:gone.gguf" }, problem],
	"error-sweep": [
		{ view: "sweeps", prompts: [PROMPT, "moon"], views: { sweeps: { sweep: "patch", live: true } } },
		(page) => page.getByText("need as many tokens").waitFor(),
	],
	"error-lens": [{ view: "lens", prompts: [""] }],
};
for (const step of [1, 2, 3, 4, 5]) {
	SHOTS[`tour-${step}`] = [
		{ tour: true },
		async (page) => {
			await page.getByRole("dialog").waitFor();
			for (let i = 1; i < step; i++)
				await page.getByRole("dialog").getByRole("button", { name: "Next" }).click();
		},
	];
}

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const server = spawn(process.execPath, [main, "studio", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
const [first] = await createInterface({ input: server.stdout })
	[Symbol.asyncIterator]()
	.next()
	.then(({ value }) => [value]);
const { url } = JSON.parse(first);
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
	args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
	for (const [look, options] of Object.entries(LOOKS)) {
		for (const [name, [{ tour, ...scene }, act]] of Object.entries(SHOTS)) {
			if (!`${name}-${look}`.includes(only)) continue;
			const page = await browser.newPage({ ...options, reducedMotion: "reduce" });
			try {
				if (!tour) await page.addInitScript(() => localStorage.setItem("headscope-tour", "seen"));
				const parts = new URLSearchParams({ v: "1" });
				for (const [key, value] of Object.entries(scene))
					parts.set(key, typeof value === "string" ? value : JSON.stringify(value));
				await page.goto(`${url}#${parts}`);
				if (!name.startsWith("error-")) {
					await page.locator("body[data-looked]").waitFor();
					await page.locator('body[data-busy="no"]').waitFor();
				}
				await act?.(page);
				await page.waitForTimeout(600);
				const whole = !/^(tour|help|code|draw|share|export)/.test(name);
				await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: whole });
			} catch (error) {
				console.error(`${name}, ${look}: ${error.message.split("\n")[0]}`);
			} finally {
				await page.close();
			}
		}
	}
} finally {
	await browser.close();
	server.kill("SIGINT");
}
