/**
 * What an induction head does, found out by changing it: the heads of the embedded demo model are ranked, the best
 * induction head and its previous-token partner are ablated, and the head's attention is replaced by the ideal one.
 * Every change is measured on the loss on repeated random tokens, with an interval over the samples.
 *
 *     node dist/examples/induction-story.js [FOLDER]
 *
 * Figures go to FOLDER, by default `figures`.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Intervention, loadModel } from "headscope";
import { ablateHeads } from "headscope/causal";
import { layerPatterns, scoreGrid } from "headscope/figures";
import { compareRows, measuring, readMetric } from "headscope/metrics";
import { svgToPng } from "headscope/node";
import { scoreHeads } from "headscope/scores";

const folder = process.argv[2] ?? "figures";
await mkdir(folder, { recursive: true });
await using model = await loadModel("demo");

// ------------------------------------------------------------------------------------------------------------
// 1. Which heads are induction heads, and which one attends to the token before

const scores = await scoreHeads(model, ["induction-repeat", "previous-token"]);
const induction = scores.get("induction-repeat")?.ranking ?? [];
const inductionHeads = induction.filter(({ lift = 0 }) => lift > 0.3).map(({ head }) => head);
const best = inductionHeads[0] as string;
// a head can only build on what earlier layers wrote
const partner = scores.get("previous-token")?.ranking.find(({ head }) => layerOf(head) < layerOf(best))
	?.head as string;

heading("Induction heads: attention to the token after the last occurrence, above a control without one");
for (const { head, score, control = 0 } of induction.slice(0, 4))
	console.log(`${head}  ${score.toFixed(3)}  control ${control.toFixed(3)}`);
console.log(`best ${best}; its previous-token partner ${partner}`);

// ------------------------------------------------------------------------------------------------------------
// 2. Every head ablated on its own: what the loss on repeats becomes

const SAMPLES = { samples: 200, seed: 1 };
const ablated = await ablateHeads(model, { metric: "induction-loss", kind: "zero", ...SAMPLES });
heading(`Loss on repeats, ${ablated.before.toFixed(4)} nats, with one head ablated`);
for (const { head, after, change, low, high } of ablated.ranking)
	console.log(`${head}  ${after.toFixed(3)}  ${signed(change)}  95 % ${signed(low)} to ${signed(high)}`);
await save(
	"ablated",
	scoreGrid({ values: ablated.change, title: "Change of the loss on repeats", diverging: true }),
);

// ------------------------------------------------------------------------------------------------------------
// 3. The two together, and the ideal pattern instead of the heads' own

const measure = await measuring(model, "induction-loss", SAMPLES);
const before = await readMetric(measure);
const ideal: Intervention = { kind: "replace-pattern", heads: inductionHeads, pattern: "induction" };
const changes: Record<string, readonly Intervention[]> = {
	[`without ${best}`]: [{ kind: "zero", heads: [best] }],
	[`without ${partner}`]: [{ kind: "zero", heads: [partner] }],
	[`without ${best} and ${partner}`]: [{ kind: "zero", heads: [best, partner] }],
	[`${inductionHeads.join(", ")} with the ideal pattern`]: [ideal],
	[`without ${partner}, ${inductionHeads.join(", ")} with the ideal pattern`]: [
		{ kind: "zero", heads: [partner] },
		ideal,
	],
};
heading("Loss on repeats under");
for (const [name, interventions] of Object.entries(changes)) {
	const { after, change, low, high } = compareRows(before, await readMetric(measure, { interventions }));
	console.log(
		`${name}: ${after.toFixed(3)}, change ${signed(change)} (95 % ${signed(low)} to ${signed(high)})`,
	);
}

// ------------------------------------------------------------------------------------------------------------
// 4. One sentence: what the model says next, and where its heads look

const SENTENCE = "red fox moon bread king red fox moon bread";
const king = model.tokenize(" king", { bos: false }).ids.at(-1) as number;
const labels = model.tokenize(SENTENCE).tokens.map((token) => token.trim());
heading(`"${SENTENCE}"`);
const cases = [
	["as it is", []],
	[`without ${partner}`, [{ kind: "zero", heads: [partner] }]],
] as const satisfies readonly (readonly [string, readonly Intervention[]])[];
for (const [name, interventions] of cases) {
	const { logits, cache } = await model.runWithCache(SENTENCE, { names: /hook_pattern$/, interventions });
	console.log(`probability of "king" ${name}: ${probability(logits.select(0).data, king).toFixed(4)}`);
	const patterns = Array.from({ length: model.config.nLayers }, (_, layer) =>
		cache.get("pattern", layer).select(0),
	);
	await save(`patterns ${name}`, layerPatterns({ patterns, labels, title: `Attention, ${name}` }));
}
console.log(`\nfigures are in ${folder}`);

// ------------------------------------------------------------------------------------------------------------

function layerOf(head: string): number {
	return Number(head.split(".")[0]);
}

/** Softmax of the last position's logits at one token. @param logits [pos, vocab] */
function probability(logits: Float32Array, token: number): number {
	const last = logits.subarray(logits.length - model.config.vocab);
	const highest = last.reduce((a, b) => Math.max(a, b));
	const total = last.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
	return Math.exp((last[token] as number) - highest) / total;
}

function signed(value: number): string {
	return `${value < 0 ? "" : "+"}${value.toFixed(3)}`;
}

function heading(text: string): void {
	console.log(`\n=== ${text}`);
}

async function save(name: string, svg: string): Promise<void> {
	await writeFile(join(folder, `${name}.png`), svgToPng(svg, { zoom: 2 }));
}
