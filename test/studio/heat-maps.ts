import type { Tensor } from "headscope";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** A heat map by its title. */
export function heatMap(page: Page, title: RegExp): Locator {
	return page.locator("figure.heat-map", { has: page.getByRole("grid", { name: title }) });
}

/** The numbers of a table's body [row][column], once it is drawn; NaN where none is written. */
export async function tableNumbers(table: Locator): Promise<number[][]> {
	await table.locator("tbody tr").first().waitFor();
	const rows = await table.locator("tbody tr").all();
	return Promise.all(
		rows.map(async (row) => (await row.locator("td").allInnerTexts()).map((text) => numberOf(text))),
	);
}

/** A heat map's numbers, from the table behind it. */
export async function mapNumbers(map: Locator): Promise<number[][]> {
	const details = map.locator("details");
	if ((await details.getAttribute("open")) === null) await details.locator("summary").click();
	return tableNumbers(details.locator("table"));
}

/** Expects a heat map to have the library's numbers [row, column]. */
export async function expectMap(map: Locator, tensor: Tensor): Promise<void> {
	const found = await mapNumbers(map);
	const wanted = tensor.toNested() as number[][];
	expect(found.map((row) => row.length)).toEqual(wanted.map((row) => row.length));
	for (const [r, row] of wanted.entries())
		for (const [c, value] of row.entries())
			expect(Math.abs((found[r]?.[c] as number) - value), `row ${r}, column ${c}`).toBeLessThan(5e-5);
}

/** A number as the page writes it, with a minus sign. */
export function numberOf(text: string): number {
	return text.trim() === "" ? Number.NaN : Number(text.replace("−", "-"));
}

/** What an address holds of the scene, by its parts. */
export function sceneOf(page: Page): Record<string, unknown> {
	const parts = new URLSearchParams(new URL(page.url()).hash.slice(1));
	return Object.fromEntries(
		[...parts].map(([key, text]) => [key, /^[[{"]/.test(text) ? JSON.parse(text) : text]),
	);
}

/** An address of a scene. */
export function addressOf(url: string, scene: Readonly<Record<string, unknown>>): string {
	const parts = new URLSearchParams({ v: "1" });
	for (const [key, value] of Object.entries(scene))
		parts.set(key, typeof value === "string" ? value : JSON.stringify(value));
	return `${url}#${parts}`;
}
