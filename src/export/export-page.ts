import { scriptJson } from "../figures/page-values.js";
import { base64 } from "../figures/pixels.js";
import { escapeMarkup } from "../figures/svg.js";
import { HEAD_METRICS, type HeadMetric, type ScatterRow } from "./head-layout.js";

/** What a page of one analysis shows. */
export interface ExportPageOptions {
	/** As plain text. */
	readonly title: string;
	/** Paragraphs under it. */
	readonly notes: readonly string[];
	readonly heads: readonly ScatterRow[];
	/** Safetensors files of rows: patterns [layer, head, query, key] and their tokens. */
	readonly rows: readonly { readonly name: string; readonly file: Uint8Array }[];
	/** The module that defines `<headscope-attention>`, one file. */
	readonly element: string;
	/** Base64 of the SHA-256 of a text. */
	hash(text: string): string;
	/** Files beside the page, as addresses below it. */
	readonly files: readonly string[];
}

const STYLE = `
:root { color-scheme: light dark; --line: #cbd5e1; --quiet: #51607a; --accent: #08519c; --soft: #dbeafe; font: 15px / 1.45 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --line: #3a475d; --quiet: #a3b1c8; --accent: #93d2ff; --soft: #1f3a57; background: #111827; color: #e7edf6; } }
main { max-width: 64rem; margin: 0 auto; padding: 0.5rem 1rem 2rem; }
p { max-width: 44rem; }
.quiet { color: var(--quiet); }
.scroll { overflow: auto; max-height: 30rem; border: 1px solid var(--line); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.15rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line); }
thead th { position: sticky; top: 0; background: Canvas; }
button, select { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 4px; padding: 0.1rem 0.4rem; }
button { cursor: pointer; }
[aria-current] { background: var(--soft); }
a { color: var(--accent); }
`;

/** Runs in the page: chooses rows and heads, and sorts the table. */
const SCRIPT = `
const { rows } = JSON.parse(document.getElementById("data").textContent);
const viewer = document.querySelector("headscope-attention");
const choice = document.getElementById("row");
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const showRow = () => {
	const row = rows[choice.selectedIndex];
	return viewer.open(bytesOf(row.file), row.name);
};
choice.addEventListener("change", showRow);
const table = document.querySelector("table");
table.addEventListener("click", ({ target }) => {
	const { head, column } = target.dataset;
	if (head !== undefined) {
		viewer.head = head;
		mark(head);
	}
	if (column !== undefined) sortBy(Number(column), target.closest("th"));
});
viewer.addEventListener("headchange", ({ detail }) => mark(detail));
function mark(head) {
	for (const button of table.querySelectorAll("[data-head]")) {
		if (button.dataset.head === head) button.setAttribute("aria-current", "true");
		else button.removeAttribute("aria-current");
	}
}
function sortBy(column, heading) {
	const down = heading.getAttribute("aria-sort") !== "descending";
	for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
	heading.setAttribute("aria-sort", down ? "descending" : "ascending");
	const valueOf = (row) => Number(row.cells[column].dataset.value);
	const body = table.tBodies[0];
	const sorted = [...body.rows].sort((a, b) => (down ? valueOf(b) - valueOf(a) : valueOf(a) - valueOf(b)));
	body.append(...sorted);
}
mark(viewer.head);
await showRow();
`;

/** Names of columns for people. */
const TITLES: Readonly<Record<HeadMetric, string>> = {
	induction_score: "induction",
	prev_token_score: "previous token",
	self_attention_score: "itself",
	pattern_entropy: "entropy",
	qk_distance: "distance",
	qk_distance_variance: "distance variance",
};

/**
 * An HTML page that needs nothing beside itself and makes no request: every head's metrics, and the patterns of some rows
 * in `<headscope-attention>`. Its policy allows its own scripts and style by their hashes. Without scripts the table is
 * there.
 */
export function exportPage(options: ExportPageOptions): string {
	const { title, notes, heads, rows, element, hash, files } = options;
	if (/<\/script|<!--/i.test(element + SCRIPT))
		throw new Error("internal: a script that would end its own element");
	const policy = [
		"default-src 'none'",
		`script-src 'sha256-${hash(element)}' 'sha256-${hash(SCRIPT)}'`,
		`style-src 'sha256-${hash(STYLE)}'`,
		"base-uri 'none'",
		"form-action 'none'",
	].join("; ");
	const data = { rows: rows.map(({ name, file }) => ({ name, file: base64(file) })) };
	const [best] = byInduction(heads);
	const choices = rows.map(({ name }) => `<option>${escapeMarkup(name)}</option>`);
	return [
		'<!doctype html><html lang="en"><head><meta charset="utf-8">',
		`<meta http-equiv="Content-Security-Policy" content="${policy}">`,
		'<meta name="viewport" content="width=device-width, initial-scale=1">',
		`<title>${escapeMarkup(title)}</title><style>${STYLE}</style></head>`,
		`<body><main><h1>${escapeMarkup(title)}</h1>`,
		...notes.map((note) => `<p>${escapeMarkup(note)}</p>`),
		"<h2>Attention</h2>",
		`<p><label>Row <select id="row">${choices.join("")}</select></label></p>`,
		`<headscope-attention head="${best?.layer}.${best?.head}"></headscope-attention>`,
		"<h2>Heads</h2>",
		"<p class=\"quiet\">A column's name sorts by it; a head's name shows it above.</p>",
		headTable(heads),
		"<h2>Data</h2><ul>",
		...files.map((file) => `<li><a href="${escapeMarkup(file)}">${escapeMarkup(file)}</a></li>`),
		"</ul></main>",
		`<script type="application/json" id="data">${scriptJson(data)}</script>`,
		`<script type="module">${element}</script>`,
		`<script type="module">${SCRIPT}</script></body></html>\n`,
	].join("\n");
}

function headTable(heads: readonly ScatterRow[]): string {
	const names = Object.keys(TITLES) as HeadMetric[];
	const titles = names.map(
		(name, i) =>
			`<th scope="col"${i === 0 ? ' aria-sort="descending"' : ""}><button type="button" data-column="${i + 1}" title="${escapeMarkup(HEAD_METRICS[name])}">${TITLES[name]}</button></th>`,
	);
	const lines = byInduction(heads).map((row) => {
		const name = `${row.layer}.${row.head}`;
		const cells = names.map((metric) => {
			const value = row[metric];
			return `<td data-value="${value ?? -1}">${value === null ? "none" : value.toFixed(4)}</td>`;
		});
		return `<tr><th scope="row"><button type="button" data-head="${name}">${name}</button></th>${cells.join("")}</tr>`;
	});
	return [
		'<div class="scroll" tabindex="0" role="group" aria-label="Metrics of every head"><table>',
		`<thead><tr><th scope="col">head</th>${titles.join("")}</tr></thead><tbody>`,
		...lines,
		"</tbody></table></div>",
	].join("\n");
}

/** The page begins with induction heads. */
function byInduction(heads: readonly ScatterRow[]): ScatterRow[] {
	return heads.toSorted((a, b) => (b.induction_score ?? 0) - (a.induction_score ?? 0));
}
