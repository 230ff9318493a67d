// Draws the picture of README.md: the attention of every head of the demo model on a text that repeats itself.
//
//   npm run build && node scripts/make-readme-figures.mjs

import { mkdirSync, writeFileSync } from "node:fs";
import { loadModel, Tensor } from "headscope";
import { attentionPattern, headGrid } from "headscope/figures";
import { svgToPng } from "headscope/node";

const TEXT = "red fox moon bread king red fox moon bread";
const folder = new URL("../docs/images/", import.meta.url);
mkdirSync(folder, { recursive: true });

const model = await loadModel("demo");
const { tokens } = model.tokenize(TEXT);
const { cache } = await model.runWithCache(TEXT, { names: /hook_pattern$/, logits: false });
await model.dispose();

const { nLayers, nHeads } = model.config;
const side = tokens.length;
const layers = Array.from({ length: nLayers }, (_, layer) => cache.get("pattern", layer));
const patterns = new Tensor(
	"float32",
	[nLayers, nHeads, side, side],
	Float32Array.from(layers.flatMap((layer) => [...layer.data])),
);
const grid = headGrid({ patterns, title: "Every head of the demo model" });
writeFileSync(new URL("heads.png", folder), svgToPng(grid));

const cells = side * side;
const best = 1 * nHeads + 3;
const pattern = new Tensor("float32", [side, side], patterns.data.slice(best * cells, (best + 1) * cells));
writeFileSync(
	new URL("pattern.png", folder),
	svgToPng(attentionPattern({ pattern, tokens, title: "Head 1.3" })),
);
