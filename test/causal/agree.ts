import { expect } from "vitest";

/** How far a number may be from the reference's. */
const CLOSE = 1e-3;
/** Numbers that differ by more must come in the reference's order. */
const APART = 2e-3;

/**
 * Numbers agree with a reference: each within 1e-3, of the same sign where it is further than that from 0, and the ten
 * largest changes in the same order wherever two of them differ by more than 2e-3.
 */
export function expectAgreement(got: ArrayLike<number>, reference: ArrayLike<number>, what: string): void {
	expect(got.length, what).toBe(reference.length);
	const [ours, theirs] = [Array.from(got), Array.from(reference)];
	const farthest = Math.max(...ours.map((x, i) => Math.abs(x - (theirs[i] as number))));
	expect(farthest, `${what}: largest difference`).toBeLessThanOrEqual(CLOSE);
	for (const [i, x] of ours.entries()) {
		const y = theirs[i] as number;
		if (Math.abs(y) > CLOSE) expect(Math.sign(x), `${what}: sign of entry ${i}`).toBe(Math.sign(y));
	}
	const top = theirs
		.map((_, i) => i)
		.sort((a, b) => Math.abs(theirs[b] as number) - Math.abs(theirs[a] as number))
		.slice(0, 10);
	for (const [rank, i] of top.entries()) {
		for (const j of top.slice(rank + 1)) {
			const [a, b] = [Math.abs(theirs[i] as number), Math.abs(theirs[j] as number)];
			if (a - b > APART)
				expect(Math.abs(ours[i] as number), `${what}: entry ${i} above ${j}`).toBeGreaterThan(
					Math.abs(ours[j] as number),
				);
		}
	}
}
