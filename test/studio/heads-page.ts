import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** The first scene's text: nine tokens, each word of which the demo model knows. */
export const PROMPT = "red fox moon bread king red fox moon bread";

/** Expects of what a value becomes, however slow the machine is. */
export function eventually<T>(value: () => T): ReturnType<typeof expect.poll<T>> {
	return expect.poll(value, { timeout: 30_000 });
}

/** The large head's matrix. */
export function cellsOf(page: Page, head: string): Locator {
	return page.getByRole("button", { name: `Attention pattern of head ${head}`, exact: true });
}

/** What stands under the large head's matrix. */
export function readout(page: Page): Locator {
	return page.locator(".head-large:not(.pinned) .readout");
}

/** A small head; its name says whether it is ablated. */
export function small(page: Page, head: string): Locator {
	return page.getByRole("button", { name: new RegExp(`^Head ${head.replace(".", "\\.")}(, ablated)?$`) });
}

/** Moves the mouse over a cell of a matrix of `size` tokens that is shown whole. */
export async function pointAt(
	page: Page,
	cells: Locator,
	size: number,
	query: number,
	key: number,
): Promise<void> {
	await cells.scrollIntoViewIfNeeded();
	const box = await cells.boundingBox();
	if (!box) throw new Error("the matrix is not on the screen");
	await page.mouse.move(
		box.x + ((key + 0.5) * box.width) / size,
		box.y + ((query + 0.5) * box.height) / size,
	);
}

/** Colours of a canvas, "r,g,b" by row and column. */
export function coloursOf(canvas: Locator): Promise<string[][]> {
	return canvas.evaluate((element) => {
		const { width, height } = element as HTMLCanvasElement;
		// a copy: reading the canvas itself again and again would slow it down, and be complained of
		const context = new OffscreenCanvas(width, height).getContext("2d");
		context?.drawImage(element as HTMLCanvasElement, 0, 0);
		const data = context?.getImageData(0, 0, width, height).data ?? [];
		return Array.from({ length: height }, (_, y) =>
			Array.from({ length: width }, (__, x) => [0, 1, 2].map((c) => data[4 * (y * width + x) + c]).join()),
		);
	});
}

/** The rows of the large head's table, as texts, without its head. */
export async function tableOf(page: Page): Promise<string[][]> {
	const rows = await page.locator(".head-large:not(.pinned) .matrix-table tbody tr").all();
	return Promise.all(rows.map((row) => row.locator("th, td").allTextContents()));
}
