import { PAGE_SCRIPT, PAGE_SCRIPT_HASH } from "./page-script.js";
import { PAGE_STYLE, PAGE_STYLE_HASH } from "./page-style.js";
import { scriptJson } from "./page-values.js";
import { escapeMarkup } from "./svg.js";

/** Nothing from elsewhere, and no script or style but the page's own. */
const POLICY = [
	"default-src 'none'",
	"img-src data:",
	`script-src 'sha256-${PAGE_SCRIPT_HASH}'`,
	`style-src 'sha256-${PAGE_STYLE_HASH}'`,
	"base-uri 'none'",
	"form-action 'none'",
].join("; ");

/**
 * A self-contained HTML page around a body of markup: it makes no request and holds its values as data.
 * @param title as plain text
 * @param body markup, already escaped, one line each
 */
export function pageShell(title: string, body: readonly string[], data: unknown): string {
	return [
		'<!doctype html><html lang="en"><head><meta charset="utf-8">',
		`<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
		'<meta name="viewport" content="width=device-width, initial-scale=1">',
		`<title>${escapeMarkup(title)}</title><style>${PAGE_STYLE}</style></head>`,
		`<body><main><h1>${escapeMarkup(title)}</h1>`,
		...body,
		`</main><script type="application/json" id="data">${scriptJson(data)}</script>`,
		`<script>${PAGE_SCRIPT}</script></body></html>\n`,
	].join("\n");
}
