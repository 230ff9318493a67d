/** Words of a model's vocabulary that would be markup: in every view they are text. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { root } from "../built.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

const demo = join(root, "assets/demo");
/** Without white space, which would end the word. */
const WORDS = {
	moon: "<img/src=x/onerror=window.owned=1>",
	king: "</span><script>window.owned=2</script>",
	fox: "\"onmouseover='window.owned=3'",
};

const studio = studioOfFile();

/** Opens the demo model with other words in the places of some. */
async function openWith(page: Page): Promise<void> {
	const read = JSON.parse(readFileSync(join(demo, "tokenizer.json"), "utf8")) as {
		model: { vocab: Record<string, number> };
	};
	const inPlaces: Readonly<Record<string, string>> = WORDS;
	const vocab = Object.entries(read.model.vocab).map(([word, id]) => [inPlaces[word] ?? word, id] as const);
	read.model.vocab = Object.fromEntries(vocab);
	const file = (name: string, buffer = readFileSync(join(demo, name))) => ({
		...{ name, buffer },
		mimeType: "application/octet-stream",
	});
	await page
		.getByLabel("Open files")
		.setInputFiles([
			...["config.json", "tokenizer_config.json", "model.safetensors"].map((name) => file(name)),
			file("tokenizer.json", Buffer.from(JSON.stringify(read))),
		]);
	await page.locator("option:checked", { hasText: "file:" }).waitFor({ state: "attached" });
	await settled(page);
}

test("tokens that would be markup are text in every view, and in what is saved", async () => {
	const { page, complaints } = await openStudio(studio.browser, studio.server.url, { acceptDownloads: true });
	await openWith(page);
	const { moon, king, fox } = WORDS;
	const words = ["red", fox, moon, "bread", king, "red", fox, moon, "bread"];
	await page.getByLabel("Text", { exact: true }).fill(words.join(" "));
	await settled(page);
	const strip = page.getByRole("list", { name: "Tokens" }).getByRole("button");
	expect(await strip.allTextContents()).toEqual(words);
	await page.getByRole("region", { name: "Next token" }).getByRole("rowheader", { name: king }).waitFor();
	for (const word of await strip.all()) await word.hover();
	const tabs = page.locator("nav[aria-label=Views] button");
	for (const tab of await tabs.all()) {
		await tab.click();
		await page.getByRole("main", { name: (await tab.textContent()) ?? "" }).waitFor();
		await settled(page);
		const run = page.getByRole("button", { name: "Run", exact: true });
		if (await run.isVisible()) {
			await run.click();
			await page.getByText("follows the text").waitFor();
		}
		// whatever of a word a view shows, none of it is an element of the page
		expect(await page.locator("main img, main script, main [onmouseover]").count()).toBe(0);
	}
	await tabs.first().click();
	const download = page.waitForEvent("download");
	await page
		.getByRole("button", { name: /^Export head/ })
		.first()
		.click();
	await page.getByRole("menuitem", { name: "SVG", exact: true }).click();
	const svg = await readFile(await (await download).path(), "utf8");
	const found = await page.evaluate((text) => {
		const read = new DOMParser().parseFromString(text, "image/svg+xml");
		return [
			read.querySelectorAll("parsererror, img, script, [onmouseover]").length,
			read.documentElement.textContent,
		];
	}, svg);
	expect(found[0]).toBe(0);
	// labels are cut
	expect(found[1]).toContain("<img/src=x/");
	expect(await page.evaluate("window.owned")).toBeUndefined();
	expect(complaints).toEqual([]);
	await page.close();
});
