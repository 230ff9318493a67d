import { basename } from "node:path";
import { attentionPattern } from "../../figures/attention-pattern.js";
import type { Scale } from "../../figures/colour.js";
import { headGrid } from "../../figures/head-grid.js";
import { inRows, sideBySide } from "../../figures/side-by-side.js";
import { sizeOf, Tensor } from "../../tensor/index.js";
import { UsageError } from "../errors.js";
import { type HeadIndex, nameOfHead } from "../input/heads.js";
import { attentionPage } from "./attention-page.js";
import { type Patterns, patternOf } from "./patterns.js";

/** Sheets of several patterns are broken to rows of about this many pixels. */
const SHEET_WIDTH = 1400;
/** As many patterns are drawn one by one on a sheet. */
const MOST_ON_SHEET = 64;

/**
 * The figure of some heads in the format of `ending` (".svg", ".png" or ".html"): one head's pattern, a
 * sheet of several, the grid where all are asked for, or a page with every head's values.
 */
export async function drawPatterns(
	patterns: Patterns,
	heads: readonly HeadIndex[],
	scale: Scale,
	ending: string,
): Promise<string | Uint8Array> {
	if (ending === ".html") {
		const names = heads.length === patterns.nLayers * patterns.nHeads ? [] : heads.map(nameOfHead);
		return attentionPage({
			all: stack(patterns),
			names,
			scale,
			tokens: patterns.tokens,
			of: shortName(patterns.source),
		});
	}
	const svg = drawSvg(patterns, heads, scale);
	if (ending !== ".png") return svg;
	// native code, loaded on use
	const { svgToPng } = await import("../../figures/png-node.js");
	return svgToPng(svg);
}

function drawSvg(patterns: Patterns, heads: readonly HeadIndex[], scale: Scale): string {
	if (heads.length > 1 && heads.length === patterns.nLayers * patterns.nHeads) {
		return headGrid({
			patterns: stack(patterns),
			title: `Attention of ${shortName(patterns.source)}`,
			scale,
		});
	}
	if (heads.length > MOST_ON_SHEET) {
		throw new UsageError(
			`--heads: ${heads.length} of ${patterns.nLayers * patterns.nHeads} heads; allowed in one figure: up to ${MOST_ON_SHEET}, or all`,
		);
	}
	const figures = heads.map((head) =>
		attentionPattern({
			pattern: patternOf(patterns, head),
			tokens: patterns.tokens,
			title: `Head ${nameOfHead(head)}`,
			scale,
		}),
	);
	if (figures.length === 1) return figures[0] as string;
	const label = `Attention patterns of ${figures.length} heads`;
	return sideBySide({ rows: inRows(figures, SHEET_WIDTH), label });
}

/** Every head's pattern [layer, head, query, key]. */
function stack({ layers, nLayers, nHeads, tokens, source }: Patterns): Tensor<"float32"> {
	if (layers.size !== nLayers) {
		throw new UsageError(
			`${source}: has layers ${[...layers.keys()].join(", ")}; a page or grid needs 0..${nLayers - 1} without a gap`,
		);
	}
	const shape = [nLayers, nHeads, tokens.query.length, tokens.key.length];
	const data = new Float32Array(sizeOf(shape));
	for (const [layer, pattern] of layers) data.set(pattern.data, (layer * data.length) / nLayers);
	return new Tensor("float32", shape, data);
}

/** A model's or file's name for a title: a long path is told by its end. */
function shortName(source: string): string {
	return source.length > 40 ? basename(source) : source;
}
