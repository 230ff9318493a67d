/** The first-run tour, the list of keys, and what both do with the focus. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { TOUR } from "../../src/studio/page/parts/tour/tour-steps.js";
import { openStudio, settled, studioOfFile } from "./open-studio.js";

const studio = studioOfFile();

const focused = (page: Page): Promise<string> =>
	page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.id || "");

test("a first visitor is shown five steps of the real page; who ends it is not asked again", async () => {
	const { page, complaints } = await openStudio(studio.browser, studio.server.url, { firstVisit: true });
	const card = page.getByRole("dialog");
	await card.getByRole("heading", { name: "Type" }).waitFor();
	// opened by the page: the focus stays where the visitor has it
	expect(await page.evaluate(() => document.activeElement?.closest("[role=dialog]"))).toBeNull();
	for (const [i, { title }] of TOUR.entries()) {
		const heading = card.getByRole("heading", { name: title });
		await heading.waitFor();
		if (i > 0) expect(await focused(page)).toBe(title);
		const ring = await page.locator(".tour-ring").boundingBox();
		expect(ring?.width, title).toBeGreaterThan(10);
		const box = await card.boundingBox();
		expect(box?.x, title).toBeGreaterThanOrEqual(0);
		expect((box?.x ?? 0) + (box?.width ?? 0), title).toBeLessThanOrEqual(1280);
		expect((box?.y ?? 0) + (box?.height ?? 0), title).toBeLessThanOrEqual(720);
		if (title === "Wipe its partner") {
			// by keyboard: to the head that is pointed at, wipe it there, and on
			await card.getByRole("button", { name: "Go there" }).press("Enter");
			await page.keyboard.press("x");
			await settled(page);
			await card.getByText("Done.").waitFor();
			const king = page.getByRole("region", { name: "Next token" }).getByRole("row", { name: "king" });
			expect(Number(await king.getByRole("cell").nth(1).textContent())).toBeLessThan(0.2);
		}
		await card.getByRole("button", { name: i + 1 < TOUR.length ? "Next" : "End" }).click();
	}
	await card.waitFor({ state: "detached" });
	expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Help");
	await page.reload();
	await page.locator("body[data-looked]").waitFor();
	await page.getByRole("button", { name: "Help", exact: true }).waitFor();
	await settled(page);
	expect(await card.count()).toBe(0);
	expect(complaints).toEqual([]);
	await page.close();
});

test("the question mark lists the keys and begins the tour again; Escape ends either", async () => {
	const { page } = await openStudio(studio.browser, studio.server.url);
	await page.keyboard.press("?");
	const keys = page.getByRole("dialog", { name: "Help" });
	await keys.waitFor();
	const names = await page.locator("nav[aria-label=Views] button").allTextContents();
	const listed = await keys
		.getByRole("table")
		.first()
		.getByRole("row")
		.evaluateAll((rows) =>
			rows.map((row) => ["kbd", "td"].map((part) => row.querySelector(part)?.textContent ?? "")),
		);
	expect(listed.map(([key]) => key)).toEqual(names.map((_, i) => String(i + 1)));
	// not while the list lies over the page
	await page.keyboard.press("2");
	const tab = page.locator("nav[aria-label=Views] [aria-current=page]");
	expect(await tab.textContent()).toBe(names[0]);
	await page.keyboard.press("Escape");
	await keys.waitFor({ state: "detached" });
	for (const [key = "", does = ""] of [...listed].reverse()) {
		await page.keyboard.press(key);
		await tab.filter({ hasText: does.split(":")[0] as string }).waitFor();
	}

	// the tour tells of the first scene; undo brings back what was there
	await page.getByLabel("Text").fill("moon moon");
	await settled(page);
	await page.getByRole("button", { name: "Help", exact: true }).click();
	await keys.getByRole("button", { name: "Take the tour" }).click();
	const card = page.getByRole("dialog", { name: "Type" });
	await card.waitFor();
	expect(await page.getByLabel("Text").inputValue()).toBe("red fox moon bread king red fox moon bread");
	expect(await focused(page)).toBe("Type");
	await page.keyboard.press("Escape");
	await card.waitFor({ state: "detached" });
	expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Help");
	await page.keyboard.press("Control+z");
	await settled(page);
	expect(await page.getByLabel("Text").inputValue()).toBe("moon moon");
	await page.close();
});
