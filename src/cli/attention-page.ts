import { attentionPattern } from "../figures/attention-pattern.js";
import { checkTokens, type PatternTokens } from "../figures/check.js";
import type { Scale } from "../figures/colour.js";
import { headGrid } from "../figures/head-grid.js";
import { PAGE_SCRIPT, PAGE_SCRIPT_HASH } from "../figures/page-script.js";
import { PAGE_STYLE, PAGE_STYLE_HASH } from "../figures/page-style.js";
import { packPage, scriptJson } from "../figures/page-values.js";
import { scalePattern } from "../figures/pattern-scale.js";
import { element, escapeMarkup } from "../figures/svg.js";
import type { Tensor } from "../tensor/index.js";

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
	const policy = [
		"default-src 'none'",
		"img-src data:",
		`script-src 'sha256-${PAGE_SCRIPT_HASH}'`,
		`style-src 'sha256-${PAGE_STYLE_HASH}'`,
		"base-uri 'none'",
		"form-action 'none'",
	].join("; ");
	return [
		'<!doctype html><html lang="en"><head><meta charset="utf-8">',
		`<meta http-equiv="Content-Security-Policy" content="${policy}">`,
		'<meta name="viewport" content="width=device-width, initial-scale=1">',
		`<title>${escapeMarkup(title)}</title><style>${PAGE_STYLE}</style></head>`,
		`<body><main><h1>${escapeMarkup(title)}</h1>`,
		"<p>Rows are queries, the tokens that attend; columns are keys, the tokens attended to.</p>",
		'<section id="viewer"><h2>Attention pattern</h2>',
		'<div class="controls needs-script"><label for="choice">Head</label>',
		element("select", { id: "choice" }, ...options),
		'<button type="button" id="previous">Previous</button><button type="button" id="next">Next</button></div>',
		'<output id="readout" for="choice">Point at a cell, or move from cell to cell with the arrow keys.</output>',
		figure(pattern, "Attention pattern; the arrow keys move from cell to cell"),
		"</section><section><h2>Pattern of every head</h2>",
		figure(headGrid({ patterns: all, marked: names.slice(0, 16), scale }), "Pattern of every head"),
		`</section></main><script type="application/json" id="data">${scriptJson(data)}</script>`,
		`<script>${PAGE_SCRIPT}</script></body></html>\n`,
	].join("\n");
}

function figure(svg: string, label: string): string {
	return element("div", { class: "scroll figure", tabindex: 0, role: "group", "aria-label": label }, svg);
}
