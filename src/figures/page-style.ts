/** The page's style sheet. Changing it changes its hash: the test of the page prints the new one. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --ink: #1d2733; --quiet: #56616d; --paper: #ffffff; --card: #f6f8fa;
	--line: #d5dbe1; --blue: #2f7ab8; --mark: #b85c00; --chosen: #c2185b; }
@media (prefers-color-scheme: dark) {
	:root { --ink: #e4e9ee; --quiet: #a3afba; --paper: #14191f; --card: #1c232b; --line: #39434e;
		--blue: #7db8e8; --mark: #c96a10; --chosen: #f0468c; }
}
* { box-sizing: border-box; }
h1, h2, p, #readout { overflow-wrap: anywhere; }
body { margin: 0 auto; padding: 24px 20px 48px; max-width: 1400px; background: var(--paper); color: var(--ink);
	font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 17px; margin: 0 0 10px; }
p { margin: 0 0 6px; color: var(--quiet); max-width: 80ch; }
section { margin-top: 28px; min-width: 0; }
.pair { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 36px; }
@media (max-width: 600px) { body { padding: 16px 12px 32px; } h1 { font-size: 20px; } }
@media (min-width: 1180px) {
	.pair { grid-template-columns: minmax(0, 1fr) auto; align-items: start; }
	#viewer { position: sticky; top: 0; max-width: 720px; }
}
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.figure { padding: 4px; }
svg { display: block; color: var(--ink); }
.paper { fill: transparent; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th { font-weight: 600; font-size: 13px; color: var(--quiet); }
th, td { padding: 5px 8px; text-align: right; }
td { white-space: nowrap; }
th:nth-child(2), td:nth-child(2), td.bar { text-align: left; }
tbody tr { border-top: 1px solid var(--line); }
tbody tr:hover { background: color-mix(in srgb, var(--blue) 7%, transparent); }
tbody tr.selected { background: color-mix(in srgb, var(--blue) 16%, transparent); }
.bar rect { fill: var(--blue); }
.bar path { stroke: var(--ink); }
button, select { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line);
	border-radius: 6px; padding: 3px 10px; min-height: 32px; }
button { cursor: pointer; }
td button { min-height: 28px; padding: 0 10px; font-weight: 600; color: var(--blue); }
:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
.controls { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-bottom: 10px; }
#readout { display: block; min-height: 26px; padding: 0 2px 4px; font-variant-numeric: tabular-nums; }
#readout b { font-weight: 600; background: var(--card); border: 1px solid var(--line); border-radius: 4px; padding: 0 4px;
	white-space: pre-wrap; unicode-bidi: isolate; }
#readout i { font-style: normal; color: var(--quiet); }
.scripted .head { cursor: pointer; }
.scripted .cells { cursor: crosshair; }
.head.selected > rect { stroke: var(--chosen); stroke-width: 3; stroke-opacity: 1; }
.cell-mark { fill: none; stroke: var(--mark); stroke-width: 2; pointer-events: none; }
.needs-script { display: none; }
.scripted .needs-script { display: flex; }
`;

/** SHA-256 of the style sheet in base64, for the page's content security policy. */
export const PAGE_STYLE_HASH = "w5YcefM9u3sPT1XIwcaqlpIORrZSM3lS/Uyv1qmTZ9U=";
