import { Tensor } from "../tensor/index.js";
import { checkShape, checkTokens, checkWidth, type PatternTokens } from "./check.js";
import type { Figure } from "./figure.js";
import { matrix } from "./matrix.js";
import { type PatternScaleOptions, scalePattern } from "./pattern-scale.js";

export interface AttentionPatternOptions extends PatternScaleOptions {
	/** Attention probabilities [query, key], 0 to 1. */
	pattern: Tensor;
	/** The text of each token; two lists where queries and keys differ. */
	tokens: PatternTokens;
	/** Such as `Head 5.1`. */
	title?: string;
	/** Width of the figure in pixels, 240 to 16384; by default a cell is 1 to 36 whole pixels wide. */
	width?: number;
}

/**
 * One head's attention pattern as SVG: rows are queries (the token that attends), columns are keys (the token
 * attended to), white is 0 and dark blue the top of the scale. Labels are thinned out where they would touch.
 * Where a width leaves less than a pixel to a cell, a pixel shows the largest value under it.
 */
export function attentionPattern(options: AttentionPatternOptions): string {
	checkShape("attentionPattern: pattern", options.pattern, ["query", "key"]);
	const [queries = 0, keys = 0] = options.pattern.shape;
	const tokens = checkTokens("attentionPattern: tokens", options.tokens, queries, keys);
	checkWidth("attentionPattern", options.width);
	const { pattern, firstKey, colours, barTitle, notes } = scalePattern(
		"attentionPattern",
		options.pattern,
		options,
	);
	return matrix({
		grid: { rows: queries, columns: keys - firstKey, values: pattern.data },
		rows: { tokens: tokens.query, first: 0 },
		columns: { tokens: tokens.key.slice(firstKey), first: firstKey },
		rowTitle: "query (destination)",
		columnTitle: "key (source)",
		colours,
		barTitle,
		title: options.title,
		notes,
		width: options.width,
		label: `${options.title ?? "Attention pattern"}: ${queries} queries by ${keys} keys`,
	});
}

/** The registry's record of `attentionPattern`. */
export const attentionPatternFigure: Figure = {
	name: "attention-pattern",
	doc: "One head's attention pattern with its tokens on both axes.",
	sample: () => {
		const tokens = ["<bos>", "red", " fox", " moon", " red", " fox", " moon"];
		return attentionPattern({ pattern: inductionPattern(3, 7), tokens, title: "Head 1.2" });
	},
};

/** A made-up induction head on a text with a period of `period` tokens after its first. For samples only. */
export function inductionPattern(period: number, length: number, strength = 0.85): Tensor {
	const rows = Array.from({ length }, (_, query) => {
		const target = query - period + 1;
		const row = Array.from({ length }, (_, key) =>
			key > query ? 0 : (1 - strength) / (2 * length) + (key === target && target > 0 ? strength : 0),
		);
		row[0] = 1 - row.slice(1).reduce((sum, value) => sum + value, 0);
		return row;
	});
	return Tensor.from(rows, "float32", ["query", "key"]);
}
