import type { Checkpoint } from "headscope/weights";

/**
 * Bytes of float32 weights that a page can hold: WASM addresses 4 GiB, a run needs its own share, and while weights are
 * handed over they are there twice.
 */
export const MOST_WEIGHTS = 1.5 * 2 ** 30;

/** @throws {Error} before anything is downloaded that cannot fit; it says the size, and what would fit */
export function checkMemory({ entries }: Checkpoint, ref: string): void {
	let bytes = 0;
	for (const { shape } of entries.values())
		bytes += 4 * shape.reduce((product, extent) => product * extent, 1);
	if (bytes <= MOST_WEIGHTS) return;
	throw new Error(
		`${ref}: its weights take ${gigabytes(bytes)} GB as float32, a page holds up to ${gigabytes(MOST_WEIGHTS)} GB (some 400 million parameters); run it in Node: npx headscope studio MODEL`,
	);
}

function gigabytes(bytes: number): string {
	return (bytes / 1e9).toFixed(1);
}
