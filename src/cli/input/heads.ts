import { UsageError } from "../errors.js";

/** A model's sizes as far as its heads are named by them. */
export interface HeadCounts {
	readonly nLayers: number;
	readonly nHeads: number;
}

/** A head, both numbers from 0. */
export interface HeadIndex {
	readonly layer: number;
	readonly head: number;
}

/**
 * Heads as they are written on the command line: "5.1", "L5H1", lists "5.1,5.5", or "all"; each once, in
 * the order given.
 *
 * @param option what errors call the list, such as "--heads"
 * @throws {UsageError} for what is no head, and for one that the model does not have.
 */
export function parseHeads(text: string, { nLayers, nHeads }: HeadCounts, option = "--heads"): HeadIndex[] {
	if (text.trim() === "all") return allHeads({ nLayers, nHeads });
	const found = new Map<string, HeadIndex>();
	for (const part of text.split(",").map((p) => p.trim())) {
		const [, layer, head] = /^[lL]?(\d{1,6})(?:\.|[hH])(\d{1,6})$/.exec(part) ?? [];
		if (layer === undefined || head === undefined) {
			throw new UsageError(
				`${option}: ${JSON.stringify(part)} is not a head; allowed: layer.head such as 0.1, L0H1, a list 0.1,1.2, all`,
			);
		}
		const index = { layer: Number(layer), head: Number(head) };
		if (index.layer >= nLayers || index.head >= nHeads) {
			throw new UsageError(
				`${option}: no head ${part}; this model has layers 0..${nLayers - 1} and heads 0..${nHeads - 1}: 0.0 to ${nLayers - 1}.${nHeads - 1}`,
			);
		}
		found.set(nameOfHead(index), index);
	}
	return [...found.values()];
}

/** Every head, layer by layer. */
export function allHeads({ nLayers, nHeads }: HeadCounts): HeadIndex[] {
	return Array.from({ length: nLayers * nHeads }, (_, i) => ({
		layer: Math.floor(i / nHeads),
		head: i % nHeads,
	}));
}

export function nameOfHead({ layer, head }: HeadIndex): string {
	return `${layer}.${head}`;
}
