import { Tensor } from "../tensor/index.js";
import { attentionPattern, inductionPattern } from "./attention-pattern.js";
import { checkShape, checkTokens, type PatternTokens } from "./check.js";
import type { Figure } from "./figure.js";
import { headGrid } from "./head-grid.js";
import { checkHeads } from "./head-name.js";
import { pageShell } from "./page-shell.js";
import { packPage } from "./page-values.js";
import { type PatternScaleOptions, scalePattern } from "./pattern-scale.js";
import { checkRanking, type RankingEntry, rankedBy } from "./ranking.js";
import { type BesideScore, rankingTable } from "./ranking-table.js";
import { scoreGrid } from "./score-grid.js";
import { element, escapeMarkup } from "./svg.js";

export interface InductionPageOptions extends PatternScaleOptions {
	/** Such as `Induction heads of demo`. */
	title: string;
	/** Paragraphs under the title: the model, the samples, what the ranking goes by and why. */
	notes?: readonly string[];
	/** Heads, best first. */
	ranking: readonly RankingEntry[];
	/** Name of the ranking's score, such as `induction-repeat`. */
	score: string;
	/** What the ranking goes by. Default `lift` where every entry has one, else `score`. */
	by?: "lift" | "score";
	/** Heads in the table, from the top. Default 10. */
	top?: number;
	/** The score of every head [layer, head]. */
	values: Tensor;
	/** Ends of the score's colours; see `scoreGrid`. */
	range?: readonly [number, number];
	/** Further scores beside it in the table. */
	beside?: readonly BesideScore[];
	/** Every head's pattern on one text [layer, head, query, key], 0 to 1. */
	patterns: Tensor;
	/** The tokens of that text. */
	tokens: PatternTokens;
}

/**
 * An HTML page that needs nothing beside itself and makes no request: the ranking, the chosen head's pattern
 * with the value under the pointer, the score and the pattern of every head. Its policy allows its own script
 * and style by their hashes and nothing else; with scripts off it still shows every figure. Patterns that are
 * too many for one page (2^23 cells) keep their picture but not their values, the ranking's heads last.
 */
export function inductionPage(options: InductionPageOptions): string {
	const { title, notes = [], score, top = 10, values, beside = [], patterns, tokens, scale, floor } = options;
	checkShape("inductionPage: patterns", patterns, ["layer", "head", "query", "key"]);
	const [layers = 0, heads = 0, queries = 0, keys = 0] = patterns.shape;
	for (const [name, tensor] of [
		["values", values] as const,
		...beside.map((b) => [b.name, b.values] as const),
	]) {
		if (tensor.shape.join() !== `${layers},${heads}`) {
			throw new RangeError(
				`inductionPage: ${name}: shape [${tensor.shape.join(", ")}], allowed [layer, head] = [${layers}, ${heads}] as in patterns`,
			);
		}
	}
	const bothTokens = checkTokens("inductionPage: tokens", tokens, queries, keys);
	const by = options.by ?? rankedBy(options.ranking);
	checkRanking("inductionPage: ranking", options.ranking, by, top);
	checkHeads(
		"inductionPage: ranking",
		options.ranking.map(({ head }) => head),
		layers,
		heads,
	);
	const entries = options.ranking.slice(0, top);
	const names = entries.map(({ head }) => head);
	const best = names[0] as string;
	const scaleOptions: PatternScaleOptions = {
		...(scale && { scale }),
		...(floor !== undefined && { floor }),
	};
	const data = packPage(scalePattern("inductionPage", patterns, scaleOptions), bothTokens, names);
	const [layer = 0, head = 0] = best.split(".").map(Number);
	const pattern = patterns.select(layer).select(head);

	const viewer = [
		'<div class="controls needs-script"><label for="choice">Head</label>',
		element("select", { id: "choice" }, ...data.heads.map((name) => option(name, name === best))),
		'<button type="button" id="previous">Previous</button><button type="button" id="next">Next</button></div>',
		'<output id="readout" for="choice">Point at a cell, or move from cell to cell with the arrow keys.</output>',
		figure(
			attentionPattern({ pattern, tokens, title: `Head ${best}`, ...scaleOptions }),
			"Attention pattern; the arrow keys move from cell to cell",
		),
	].join("");
	const grid = headGrid({
		patterns,
		title: "Attention patterns",
		marked: names.slice(0, 3),
		...scaleOptions,
	});
	const scores = scoreGrid({ values, title: score, ...(options.range && { range: options.range }) });
	const table = element("div", { class: "scroll" }, rankingTable(entries, by, beside));
	const sections = [
		'<div class="pair"><div>',
		section(by === "lift" ? `Ranking by lift of ${score}` : `Ranking by ${score}`, table),
		section("Score of every head", figure(scores, "Score of every head")),
		"</div>",
		section("Attention pattern", viewer, "viewer"),
		"</div>",
		section("Pattern of every head", figure(grid, "Pattern of every head")),
	];
	return pageShell(title, [...notes.map((note) => `<p>${escapeMarkup(note)}</p>`), ...sections], data);
}

function section(title: string, content: string, id?: string): string {
	return element("section", { id }, element("h2", {}, escapeMarkup(title)), content);
}

/** A figure that scrolls sideways rather than shrinking to where its text and stripes are lost. */
function figure(svg: string, label: string): string {
	return element("div", { class: "scroll figure", tabindex: 0, role: "group", "aria-label": label }, svg);
}

function option(name: string, chosen: boolean): string {
	return element("option", { value: name, selected: chosen ? "selected" : undefined }, escapeMarkup(name));
}

/** The registry's record of `inductionPage`. */
export const inductionPageFigure: Figure = {
	name: "induction-page",
	doc: "A self-contained HTML page: the ranking, every head's score and pattern, and values under the pointer.",
	sample: () => {
		const tokens = ["<bos>", "red", " fox", " moon", " red", " fox", " moon"];
		const patterns = Float32Array.from(
			[2, 3, 7, 3].flatMap((period) => Array.from(inductionPattern(period, 7).data, Number)),
		);
		return inductionPage({
			title: "Induction heads of a sample",
			score: "induction",
			ranking: [
				{ head: "1.1", score: 0.91, control: 0.04, lift: 0.87, low: 0.84, high: 0.89 },
				{ head: "0.1", score: 0.62, control: 0.05, lift: 0.57, low: 0.5, high: 0.66 },
			],
			values: Tensor.from([
				[0.03, 0.62],
				[0.1, 0.91],
			]),
			range: [0, 1],
			patterns: new Tensor("float32", [2, 2, 7, 7], patterns),
			tokens,
		});
	},
};
