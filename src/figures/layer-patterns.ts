import { Tensor } from "../tensor/index.js";
import { inductionPattern } from "./attention-pattern.js";
import { checkShape } from "./check.js";
import type { Figure } from "./figure.js";
import { matrixGrid } from "./matrix-grid.js";

/** What `layerPatterns` draws: one sample's attention in every layer. */
export interface LayerPatternsOptions {
	/** Attention probabilities of each layer, [head, query, key], 0 to 1. */
	readonly patterns: readonly Tensor[];
	/** A short name for each position; by default its index. */
	readonly labels?: readonly string[] | undefined;
	readonly title?: string | undefined;
	/** Lines under the title. */
	readonly notes?: readonly string[];
}

/**
 * One sample's attention patterns, layers down and heads across, each under its name ("Layer 0, Head 1", both
 * counted from 0), keys to the right and queries downwards, in viridis from 0 to 1.
 */
export function layerPatterns(options: LayerPatternsOptions): string {
	const { patterns, labels, title, notes = [] } = options;
	for (const [layer, pattern] of patterns.entries()) {
		checkShape(`layerPatterns: layer ${layer}`, pattern, ["head", "query", "key"]);
	}
	const panels = patterns.map((pattern, layer) =>
		Array.from({ length: pattern.shape[0] as number }, (_, head) => ({
			title: `Layer ${layer}, Head ${head}`,
			values: pattern.select(head),
			rows: { title: "Queries", labels },
			columns: { title: "Keys", labels },
		})),
	);
	return matrixGrid({ panels, title, notes, bars: [{ title: "attention", range: [0, 1] }] });
}

/** The registry's record of `layerPatterns`. */
export const layerPatternsFigure: Figure = {
	name: "layer-patterns",
	doc: "One sample's attention in every layer and head, with keys and queries on the axes.",
	sample: () => {
		const layer = (...periods: number[]): Tensor =>
			Tensor.from(periods.map((period) => inductionPattern(period, 10).toNested()));
		return layerPatterns({ patterns: [layer(2, 3, 10), layer(4, 8, 5)], title: "M = 1, sample 0" });
	},
};
