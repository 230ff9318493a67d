/** The element's looks; a page changes colours by the custom properties, and parts by `::part`. */
export const STYLE = `
:host {
	--ground: var(--headscope-ground, #ffffff);
	--raised: var(--headscope-raised, #f5f7fa);
	--ink: var(--headscope-ink, #111827);
	--quiet: var(--headscope-quiet, #51607a);
	--line: var(--headscope-line, #cbd5e1);
	--accent: var(--headscope-accent, #08519c);
	--accent-soft: var(--headscope-accent-soft, #dbeafe);
	display: block;
	max-width: 44rem;
	padding: 0.6rem;
	color: var(--ink);
	background: var(--ground);
	border: 1px solid var(--line);
	border-radius: 6px;
	font: 14px / 1.4 system-ui, sans-serif;
	color-scheme: light;
}
:host([data-dark]) {
	--ground: var(--headscope-ground, #111827);
	--raised: var(--headscope-raised, #1b2536);
	--ink: var(--headscope-ink, #e7edf6);
	--quiet: var(--headscope-quiet, #a3b1c8);
	--line: var(--headscope-line, #3a475d);
	--accent: var(--headscope-accent, #93d2ff);
	--accent-soft: var(--headscope-accent-soft, #1f3a57);
	color-scheme: dark;
}
:host([hidden]), [hidden] { display: none !important; }
* { box-sizing: border-box; }
button, select { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: 4px; padding: 0.1rem 0.4rem; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
[aria-pressed="true"] { background: var(--accent-soft); border-color: var(--accent); }
canvas { display: block; width: 100%; image-rendering: pixelated; }
.heads { display: flex; flex-wrap: wrap; gap: 4px; max-height: 14rem; overflow: auto; }
.heads button { width: 58px; padding: 2px; font-size: 11px; line-height: 1.3; }
.bar { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; margin: 0.5rem 0 0.3rem; }
.bar h2 { margin: 0; font-size: 1rem; }
.matrix { position: relative; max-width: 30rem; border: 1px solid var(--line); cursor: crosshair; touch-action: manipulation; }
.mark { position: absolute; pointer-events: none; outline: 2px solid var(--accent); }
.readout { min-height: 2.8em; margin: 0.3rem 0; color: var(--quiet); overflow-wrap: anywhere; }
.tokens { display: flex; flex-wrap: wrap; gap: 2px; max-height: 9rem; overflow: auto; }
.tokens button { position: relative; padding: 0 0.2rem; font-family: ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre; background: transparent; isolation: isolate; }
.tokens button::before { content: ""; position: absolute; inset: 0; z-index: -1; border-radius: 3px; background: var(--accent); opacity: calc(var(--weight, 0) * 0.45); }
.tokens .at { outline: 2px solid var(--accent); }
details { margin-top: 0.4rem; }
summary { cursor: pointer; color: var(--quiet); }
.scroll { max-height: 20rem; overflow: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 12px; }
th, td { padding: 0.1rem 0.35rem; border: 1px solid var(--line); text-align: right; white-space: pre; }
th { font-weight: normal; font-family: ui-monospace, "DejaVu Sans Mono", monospace; background: var(--raised); }
.error { color: #9a3412; }
:host([data-dark]) .error { color: #fdba74; }
`;
