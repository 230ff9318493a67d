import { attentionPattern } from "../../figures/attention-pattern.js";
import { checkTokens, type PatternTokens } from "../../figures/check.js";
import type { Scale } from "../../figures/colour.js";
import { headGrid } from "../../figures/head-grid.js";
import { pageShell } from "../../figures/page-shell.js";
import { packPage } from "../../figures/page-values.js";
import { scalePattern } from "../../figures/pattern-scale.js";
import { element } from "../../figures/svg.js";
import type { Tensor } from "../../tensor/index.js";

export interface AttentionPageOptions {
	/** Every head's pattern [layer, head, query, key]. */
	readonly all: Tensor;
	/** Heads to begin with, framed in the grid; none for no preference. */
	readonly names: readonly string[];
	readonly tokens: PatternTokens;
	readonly scale: Scale;
	/** Model or file that the patterns are of. */
	readonly of: string;
}

/**
 * An HTML page that needs nothing beside itself and makes no request: one head's pattern with the value under
 * the pointer, and the grid of all heads to choose from. The same viewer as the page of induction heads.
 */
export function attentionPage({ all, names, tokens, scale, of }: AttentionPageOptions): string {
	const [, , queries = 0, keys = 0] = all.shape;
	const both = checkTokens("attentionPage: tokens", tokens, queries, keys);
	const data = packPage(scalePattern("attentionPage", all, { scale }), both, names);
	const chosen = names[0] ?? (data.heads[0] as string);
	const [layer = 0, head = 0] = chosen.split(".").map(Number);
	const pattern = attentionPattern({
		pattern: all.select(layer).select(head),
		tokens,
		title: `Head ${chosen}`,
		scale,
	});
	const options = data.heads.map((name) =>
		element("option", { value: name, selected: name === chosen ? "selected" : undefined }, name),
	);
	const title = `Attention of ${of}`;
	const body = [
		"<p>Rows are queries, the tokens that attend; columns are keys, the tokens attended to.</p>",
		'<section id="viewer"><h2>Attention pattern</h2>',
		'<div class="controls needs-script"><label for="choice">Head</label>',
		element("select", { id: "choice" }, ...options),
		'<button type="button" id="previous">Previous</button><button type="button" id="next">Next</button></div>',
		'<output id="readout" for="choice">Point at a cell, or move from cell to cell with the arrow keys.</output>',
		figure(pattern, "Attention pattern; the arrow keys move from cell to cell"),
		"</section><section><h2>Pattern of every head</h2>",
		figure(headGrid({ patterns: all, marked: names.slice(0, 16), scale }), "Pattern of every head"),
		"</section>",
	];
	return pageShell(title, body, data);
}

function figure(svg: string, label: string): string {
	return element("div", { class: "scroll figure", tabindex: 0, role: "group", "aria-label": label }, svg);
}
