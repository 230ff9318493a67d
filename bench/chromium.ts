import { type Browser, chromium, type Page } from "playwright-core";

/** A Chromium without a window, drawing with the processor. */
export function startChromium(): Promise<Browser> {
	return chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
		],
	});
}

/** Moves of the pointer in one measurement. */
const MOVES = 60;

/** Moves the pointer over an element; the median time of a frame meanwhile, in ms. */
export async function frameTime(page: Page, selector: string): Promise<number> {
	const box = await page.locator(selector).first().boundingBox();
	if (!box) throw new Error(`nothing to point at: ${selector}`);
	await page.evaluate(() => {
		const times: number[] = [];
		let last = performance.now();
		const frame = (now: number): void => {
			times.push(now - last);
			last = now;
			requestAnimationFrame(frame);
		};
		requestAnimationFrame(frame);
		Object.assign(globalThis, { frameTimes: times });
	});
	for (let i = 0; i < MOVES; i++) {
		const along = (i % 30) / 30;
		await page.mouse.move(
			box.x + box.width * (0.02 + 0.96 * along),
			box.y + box.height * (0.98 - 0.4 * along),
		);
	}
	return page.evaluate(() => {
		const times = (globalThis as unknown as { frameTimes: number[] }).frameTimes.sort((a, b) => a - b);
		return times[Math.floor(times.length / 2)] ?? 0;
	});
}

/** Patterns [head][query][key] that every side draws: an induction stripe over something that decays. */
export function somePatterns(heads: number, tokens: number): number[][][] {
	return Array.from({ length: heads }, (_, head) =>
		Array.from({ length: tokens }, (_, query) => {
			const row = Array.from({ length: tokens }, (_, key) =>
				key > query ? 0 : Math.exp(-(query - key) / (1 + head)) + (key === query - tokens / 2 + 1 ? 1 : 0),
			);
			const sum = row.reduce((a, b) => a + b, 0);
			return row.map((value) => value / sum);
		}),
	);
}
