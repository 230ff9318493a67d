import { join } from "node:path";
import { figureSize } from "../../../figures/index.js";
import { svgToPng } from "../../../figures/png-node.js";
import {
	activationFigures,
	batchFigures,
	type ComparedRun,
	compareAttention,
	getAttention,
	overview,
	plotActivations,
} from "../../../mechinterp/index.js";
import { cachedPaths } from "../../../models/regression/index.js";
import { TorchRandom } from "../../../random/index.js";
import type { Run } from "../../../runs/run.js";
import { labelOf } from "../../../runs/shipped-node.js";
import type { RegressionBatch } from "../../../tasks/regression/index.js";
import type { Tensor } from "../../../tensor/index.js";
import type { Cli } from "../../cli.js";
import type { FiguresOptions } from "../../commands/icl/figures.js";
import type { RunBatch } from "../../commands/icl/run-options.js";
import { UsageError } from "../../errors.js";
import { openRun } from "../../open/open-run.js";
import { drawBatch } from "../../open/run-batch.js";
import { prepareFolder, writeOutput } from "../../output/output.js";
import { bytes } from "../../output/progress.js";

/** What `headscope icl figures --json` prints. */
export interface FiguresResult {
	readonly run: string;
	readonly step: number;
	readonly batch: RunBatch;
	readonly samples: number;
	/** The folder of this run and batch. */
	readonly folder: string;
	/** Every file that was written. */
	readonly files: readonly string[];
	/** The tasks that the run was trained on [task][task_size], at most the first eight. */
	readonly tasks: readonly (readonly number[])[];
}

/** Sequences that are drawn where no number is asked for. */
const SAMPLES = 4;
/** Pixels across a PNG, but for figures that are wider than this by themselves. */
const WIDEST = 2400;
/** Tasks that are told. */
const TASKS_SHOWN = 8;

/** Draws a run's activations: a PNG for each location and sample, and overviews with the samples side by side. */
export async function figures(cli: Cli, ref: string, options: FiguresOptions): Promise<void> {
	const { out } = options;
	await using run = await openRun(cli, ref, options);
	const batch = chosenBatch(run, options);
	const samples = [...Array(batch.xs.shape[0] as number).keys()];
	const folder = join(out, labelOf(run), FOLDERS[options.batch]);
	for (const inside of [...samples, "overview"]) await prepareFolder(join(folder, `${inside}`));

	// the other runs first: a name that is none should not be told after a minute of drawing
	const others = (options.compare ?? "").split(",").filter((name) => name.trim() !== "");
	const comparison = others.length > 0 && (await compare(cli, run, others, batch, options));
	const writer = new PngWriter(cli);
	const locations = await drawActivations(cli, run, batch, folder, writer);
	const single: string[] = [];
	const put = async (path: string, svg: string): Promise<void> => {
		await writer.write(path, svg);
		single.push(path);
	};
	if (options.batch === "trick") {
		const { xs, ys } = batchFigures(batch.xs, batch.ys, "trick");
		await put(join(folder, "x_trick.T.png"), xs);
		await put(join(folder, "y_trick.png"), ys);
	}
	if (comparison) await put(join(out, "comparison.png"), comparison);
	const tasks = tasksOf(run);
	await cli.result(
		(): FiguresResult => ({
			run: run.name,
			step: run.step,
			batch: options.batch,
			samples: samples.length,
			folder,
			files: writer.files,
			tasks,
		}),
		() =>
			[
				`${run.name}, step ${run.step}`,
				...tasks.map((task, i) => `task ${i}: ${task.map((w) => w.toFixed(4)).join(" ")}`),
				`${join(folder, `{${[...samples, "overview"].join(",")}}`)}:`,
				...locations.map((name) => `  ${name}.png`),
				...single,
				`${writer.files.length} files, ${bytes(writer.size)}`,
			].join("\n"),
	);
}

/** Below the run's folder: what the batch is. */
const FOLDERS: Readonly<Record<RunBatch, string>> = {
	trick: "across-x-basis-w=0",
	pretrain: "pretrain",
	true: "true",
};

function chosenBatch(run: Run, { batch, samples, seed }: FiguresOptions): RegressionBatch {
	const drawn = drawBatch(run, { batch, seed, count: samples ?? SAMPLES });
	if (batch !== "trick" || samples === undefined) return drawn;
	const { task_size } = run.config.task_config;
	if (samples > task_size) {
		throw new UsageError(`--samples: got ${samples}, allowed 1..${task_size} (task_size) for --batch trick`);
	}
	const cut = (tensor: Tensor<"float32">): Tensor<"float32"> => tensor.slice(0, 0, samples);
	return { xs: cut(drawn.xs), ys: cut(drawn.ys), ws: cut(drawn.ws) };
}

async function drawActivations(
	cli: Cli,
	run: Run,
	{ xs, ys }: RegressionBatch,
	folder: string,
	writer: PngWriter,
): Promise<string[]> {
	const { model } = run;
	const names = cachedPaths(model.config);
	const { cache } = await model.runWithCache(xs, ys, { names, signal: cli.signal });
	const activations: (readonly [string, Tensor])[] = [["x", xs], ["y", ys], ...cache];
	const locations = activationFigures(activations, { numHeads: model.config.nHeads });
	const attention = plotActivations(await getAttention(model, xs, ys));
	const step = cli.progress.onStep("Drawing");
	const drawn: string[] = [];
	const put = async (name: string, samples: readonly string[], together: string): Promise<void> => {
		for (const [i, svg] of samples.entries()) await writer.write(join(folder, `${i}`, `${name}.png`), svg);
		await writer.write(join(folder, "overview", `${name}.png`), together);
		drawn.push(name);
		step(drawn.length, activations.length + 1);
	};
	for (const { name, samples, overview: together } of locations) await put(name, samples, together);
	await put("attention", attention, overview(attention));
	return drawn;
}

/** Each run on a sequence of its own and on the first run's batch. */
async function compare(
	cli: Cli,
	first: Run,
	others: readonly string[],
	{ xs, ys }: RegressionBatch,
	options: FiguresOptions,
): Promise<string> {
	const { seed, batch } = options;
	const rows: ComparedRun[] = [];
	const step = cli.progress.onStep("Comparing");
	for (const [i, ref] of [undefined, ...others].entries()) {
		await using opened = ref === undefined ? undefined : await openRun(cli, ref, options);
		const run = opened ?? first;
		const { max_examples, num_tasks } = run.config.task_config;
		const own = run.pretrainDist.getBatch(max_examples, 1, new TorchRandom(seed));
		rows.push({
			name: `M = ${num_tasks}`,
			batches: [
				{ name: "own batch", patterns: await getAttention(run.model, own.xs, own.ys) },
				{ name: batch, patterns: await getAttention(run.model, xs, ys) },
			],
		});
		step(i + 1, others.length + 1);
	}
	const given =
		batch === "trick"
			? "inputs along the axes, targets of the first run's task 0"
			: "sequences of the first run";
	return compareAttention(rows, {
		title: "Attention of several runs",
		notes: [`own batch: a sequence of the run's own tasks; ${batch}: ${given}`],
	});
}

function tasksOf(run: Run): number[][] {
	const { tasks } = run.pretrainDist.prior;
	if (!tasks) return [];
	const [count = 0] = tasks.shape;
	return Array.from({ length: Math.min(count, TASKS_SHOWN) }, (_, i) => Array.from(tasks.select(i).data));
}

/** Writes figures as PNG and remembers which. */
class PngWriter {
	readonly files: string[] = [];
	/** Bytes of all files. */
	size = 0;

	constructor(private readonly cli: Cli) {}

	async write(path: string, svg: string): Promise<void> {
		this.cli.signal.throwIfAborted();
		// twice as fine as drawn where that stays an image to look at
		const zoom = Math.max(1, Math.min(2, WIDEST / figureSize(svg).width));
		const png = svgToPng(svg, { zoom });
		await writeOutput(path, png, this.cli.signal);
		this.files.push(path);
		this.size += png.length;
	}
}
