/** What random rows depend on. */
export interface RowFacts {
	/** Tokens of a row. */
	readonly length: number;
	/** Random tokens are ids below. */
	readonly vocab: number;
	/** The id that the tokenizer put in front, if any. */
	readonly front: number | undefined;
}

/** Rows of random ids, equal for equal seeds. */
export function randomRows({ length, vocab, front }: RowFacts, count: number, seed: number): number[][] {
	const random = mulberry32(seed);
	return Array.from({ length: count }, () =>
		Array.from({ length }, (_, p) => (p === 0 && front !== undefined ? front : Math.floor(random() * vocab))),
	);
}

/** Tommy Ettinger's mulberry32: uniform numbers from 0 to 1. */
function mulberry32(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
