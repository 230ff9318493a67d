/**
 * What a transformer does that was trained to do linear regression in context: the walk through one run that
 * the library's functions are made for. A run of the package with a single task is opened, looked at from
 * outside and inside, changed, and compared with runs of 64 and 65,536 tasks.
 *
 *     node dist/examples/mechinterp.js [FOLDER]
 *
 * Figures go to FOLDER, by default `figures`.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Tensor } from "headscope";
import { sideBySide } from "headscope/figures";
import { basisBatch, TorchRandom } from "headscope/icl";
import {
	activationFigures,
	batchFigures,
	type ComparedRun,
	compareAttention,
	compose,
	getAttention,
	plotActivations,
	printModules,
} from "headscope/mechinterp";
import { getUniqueRun, svgToPng } from "headscope/node";
import { ActivationProbe, applyBinopDicts, hook, patch_, setHeadsTo } from "headscope/patching";

const folder = process.argv[2] ?? "figures";
const SOFTMAX = "token_sequence_transformer.blocks.0.attention.attention_softmax";

// ------------------------------------------------------------------------------------------------------------
// 1. A trained run: one task, two layers, four heads

const run = await getUniqueRun("demo-sweep.yaml", {
	task_config: { num_tasks: 1, num_layers: 2 },
	optimizer_config: { lr: 0.001 },
});
const { nHeads } = run.model.config;
const { max_examples: K, noise_variance } = run.config.task_config;
heading(`${run.name}, step ${run.step}`);

// it was trained: its errors are near the noise on its task, and large on others
const before = (await run.evaluate()).metrics;
printNumbers(before);

heading("State dict");
console.log([...(await run.model.stateDict()).keys()].join("\n"));

heading("Modules");
console.log(printModules(run.model.modules()));

// ------------------------------------------------------------------------------------------------------------
// 2. Inputs along the axes: in sample i, coordinate i counts 0, 1, 2, ... and the others are 0

const tasks = run.pretrainDist.prior.tasks as Tensor;
heading("Task");
printRows(tasks);

// y = k w[i] + noise in sample i, w the run's task
const std = Math.sqrt(noise_variance);
const { xs: xTrick, ys: yTrick } = basisBatch(tasks.select(0), K, std, new TorchRandom(0));
const pictures = batchFigures(xTrick, yTrick, "trick");
await save("x_trick.T", pictures.xs);
await save("y_trick", pictures.ys);

// ------------------------------------------------------------------------------------------------------------
// 3. Attention patterns: a figure for each sample, layers down and heads across

const getAndPlotActivations = compose(
	(patterns: readonly Tensor[]) => plotActivations(patterns, { title: "M = 1" }),
	getAttention,
);
const attention = await getAndPlotActivations(run.model, xTrick, yTrick);
for (const [i, figure] of attention.entries()) await save(`attention/${i}`, figure);

// ------------------------------------------------------------------------------------------------------------
// 4. All activations: sample by sample, and the samples side by side

const hooked = hook(run.model);
const { cache } = await hooked.runWithCache(xTrick, yTrick);
heading(`${cache.size} activations`);
for (const [name, { shape }] of cache) console.log(`${name} [${shape.join(", ")}]`);

const across = "M=1/across-x-basis-w=0";
const activations: [string, Tensor][] = [["x", xTrick], ["y", yTrick], ...cache];
for (const { name, samples, overview } of activationFigures(activations, { numHeads: nHeads })) {
	for (const [i, figure] of samples.entries()) await save(`${across}/${i}/${name}`, figure);
	await save(`${across}/overview/${name}`, overview, 1);
}

// ------------------------------------------------------------------------------------------------------------
// 5. Hand-made patterns for two heads of the first block, and what they change

const T = 2 * K;
// every x attends to itself; every y half to itself, half to its x
const head2 = square(T, (query, key) =>
	query % 2 === 0 ? Number(key === query) : key === query || key === query - 1 ? 0.5 : 0,
);
// every token attends to the one before it, the first to itself
const head3 = square(T, (query, key) => Number(key === Math.max(0, query - 1)));

const softmax = patch_(hooked.at(SOFTMAX), setHeadsTo({ 1: head2, 2: head3 }));
const patched = await hooked.runWithCache(xTrick, yTrick, { names: [SOFTMAX] });
const block0 = [
	plotActivations([cache.get(SOFTMAX)], { title: "own patterns" }),
	plotActivations([patched.cache.get(SOFTMAX)], { title: "hand-made in heads 0.1 and 0.2" }),
];
await save("M=1/patched", sideBySide({ rows: block0.map((samples) => samples.slice(0, 2)) }));

const after = (await run.evaluate(hooked)).metrics;
const change = applyBinopDicts(before, after, (x, y) => (y - x) / x);
heading("Relative change: (after - before) / before");
printNumbers(before, after, change);
await write("M=1/patched.json", JSON.stringify({ before, after, change }, null, "\t"));

// after a reset the model is what it was, to the bit
softmax.reset();
const restored = (await run.evaluate(hooked)).metrics;
console.log(
	`reset: ${JSON.stringify(restored) === JSON.stringify(before) ? "the metrics from before" : "different metrics"}`,
);

// ------------------------------------------------------------------------------------------------------------
// 6. A probe watches one place: head 1 of every sample

heading("What head 0.1 attends to at the last x of sample 0");
{
	using probe = new ActivationProbe(run.model, `${SOFTMAX}.1.*.*`).registerHook();
	await run.model.predict(xTrick, yTrick);
	const last = probe.activation.select(0).select(T - 2); // [key]
	console.log(format(last, 2));
}

// ------------------------------------------------------------------------------------------------------------
// 7. Runs with more tasks, on a sequence of their own and on the same inputs

const rows: ComparedRun[] = [];
for (const num_tasks of [1, 64, 65536]) {
	await using other = await getUniqueRun("demo-sweep.yaml", { task_config: { num_tasks } });
	const { xs, ys, ws } = other.pretrainDist.getBatch(K, 1, new TorchRandom(0));
	heading(`M = ${num_tasks}: the first tasks`);
	printRows((other.pretrainDist.prior.tasks as Tensor).slice(0, 0, 4));
	console.log("the task of its own sequence");
	printRows(ws);
	rows.push({
		name: `M = ${num_tasks}`,
		batches: [
			{ name: "own sequence", patterns: await getAttention(other.model, xs, ys) },
			{ name: "x_trick, y_trick", patterns: await getAttention(other.model, xTrick, yTrick) },
		],
	});
}
await save("comparison", compareAttention(rows), 1);
await run.dispose();
console.log(`\nfigures are in ${folder}`);

// ------------------------------------------------------------------------------------------------------------

function heading(text: string): void {
	console.log(`\n=== ${text}`);
}

/** A line for each name, with a column for each dictionary. */
function printNumbers(...columns: readonly Readonly<Record<string, number>>[]): void {
	for (const name of Object.keys(columns[0] ?? {})) {
		const numbers = columns.map((column) => (column[name] as number).toFixed(4).padStart(10));
		console.log(`${name.padEnd(22)}${numbers.join("")}`);
	}
}

function printRows(matrix: Tensor): void {
	const [count = 0] = matrix.shape;
	for (let i = 0; i < count; i++) {
		console.log(format(matrix.select(i)));
	}
}

function format(vector: Tensor, digits = 4): string {
	return Array.from(vector.to("float32").data, (value) => value.toFixed(digits).padStart(digits + 4)).join(
		"",
	);
}

/** A matrix [query][key]. */
function square(size: number, share: (query: number, key: number) => number): number[][] {
	return Array.from({ length: size }, (_, query) =>
		Array.from({ length: size }, (_, key) => share(query, key)),
	);
}

async function save(name: string, svg: string, zoom = 2): Promise<void> {
	await write(`${name}.png`, svgToPng(svg, { zoom }));
}

async function write(name: string, content: string | Uint8Array): Promise<void> {
	const path = join(folder, name);
	await mkdir(dirname(path), { recursive: true });
	await writeFile(path, content);
}
