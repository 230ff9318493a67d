/** Two rows of tokens under each other; a gap where one of them has none. */
export interface AlignedPlace<T> {
	readonly first: T | undefined;
	readonly second: T | undefined;
}

/** Equal beginnings and ends under each other, the gap in the shorter row before its equal end. */
export function alignTokens<T extends { readonly id: number }>(
	first: readonly T[],
	second: readonly T[],
): AlignedPlace<T>[] {
	const short = Math.min(first.length, second.length);
	let start = 0;
	while (start < short && first[start]?.id === second[start]?.id) start++;
	let end = 0;
	while (end < short - start && first[first.length - 1 - end]?.id === second[second.length - 1 - end]?.id)
		end++;
	const longest = Math.max(first.length, second.length);
	const spread = (row: readonly T[]): (T | undefined)[] => [
		...row.slice(0, row.length - end),
		...Array<undefined>(longest - row.length).fill(undefined),
		...row.slice(row.length - end),
	];
	const [a, b] = [spread(first), spread(second)];
	return a.map((token, i) => ({ first: token, second: b[i] }));
}
