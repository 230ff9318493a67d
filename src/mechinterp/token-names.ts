/** Names of the tokens of a sequence of examples: x0, y0, x1, y1, ... */
export function tokenNames(count: number): string[] {
	return Array.from({ length: count }, (_, i) => `${i % 2 === 0 ? "x" : "y"}${Math.floor(i / 2)}`);
}
