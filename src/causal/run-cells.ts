import { type Donor, donorPoints } from "../interventions/index.js";
import type { Measure } from "../metrics/index.js";
import type { KeyValueCache } from "../models/key-value-cache.js";
import type { RunOptions } from "../models/run-options.js";
import type { Tensor } from "../tensor/index.js";
import { atLayer, type Cell } from "./cells.js";
import { type CleanRun, cleanRun } from "./clean-run.js";
import { type CellPlan, type Pass, planCells } from "./plan-cells.js";
import { metricOutputs, readStream } from "./read-stream.js";
import { range, rowsOfDonors, rowsOfMeasure } from "./rows.js";
import { metricFeeds, repeated, takeRows } from "./taken-rows.js";

/** A cell whose rows are all run. */
export interface DoneCell {
	/** Its place in the sweep's list. Of `ablateHeads`: of heads in the model's order; of patches: in `values`. */
	readonly cell: number;
	/** The metric without and with the cell's changes: means over rows. */
	readonly before: number;
	readonly after: number;
}

/** How a sweep is run, whatever its cells are. */
export interface SweepOptions {
	/** Bytes that a run may take beside the weights, about. Default 768 MiB. */
	readonly memory?: number | undefined;
	/** Heard between layers: what is under way ends unheard. */
	readonly signal?: AbortSignal | undefined;
	/** Cells that are done, of all, and about how many seconds the others will take. */
	readonly onProgress?: ((done: number, total: number, secondsLeft: number) => void) | undefined;
	/** Told of cells as soon as they are done, so that they can be shown before the others are. */
	readonly onCells?: ((cells: readonly DoneCell[]) => void) | undefined;
	/** Told before the first one how many runs the memory makes of the sweep. */
	readonly onPlan?: ((passes: number) => void) | undefined;
}

/** What `runCells` takes beside the cells. */
export interface RunCellsOptions extends SweepOptions {
	/** Recorded values that cells take by name. The donor "clean" is, unless given, the unchanged run itself. */
	readonly donors?: Readonly<Record<string, Donor>> | undefined;
	/** Sparse autoencoders that cells take by name. */
	readonly dictionaries?: RunOptions["dictionaries"];
}

/** A metric's number of every row: of the unchanged run, and of every cell. */
export interface CellValues {
	readonly before: Float64Array;
	readonly after: readonly Float64Array[];
	readonly plan: CellPlan;
}

/** The donor that is the unchanged run. */
export const CLEAN = "clean";

/** Passes that are in the engine's queue at once: one is prepared while another runs. */
const AT_ONCE = 2;

/**
 * Runs every cell of a sweep: the model with the cell's changes, on all rows, down to the metric. Cells run many in a
 * batch, each from its first changed layer (and position) on, where the unchanged run's residual stream is taken up;
 * layers are runs of their own, so that one session serves all of them.
 * @throws {InterventionError} for cells that do not fit the model, {CausalError} for a memory that no cell fits into
 */
export async function runCells(
	measure: Measure,
	cells: readonly Cell[],
	options: RunCellsOptions = {},
): Promise<CellValues> {
	const { donors = {}, dictionaries, memory, signal, onProgress, onCells, onPlan } = options;
	const plan = planCells(measure, cells, { memory, dictionaries });
	onPlan?.(plan.passes.length * plan.blocks.length);
	const named = donorPoints(cells.flat(), { ...measure.model.sizes, dictionaries }).get(CLEAN) ?? [];
	const recorded = Object.hasOwn(donors, CLEAN) ? [] : named;
	const { rows } = measure.metric;
	const points = new Set(measure.model.sizes.points.map((point) => point.name));
	const before = new Float64Array(rows);
	const after = cells.map(() => new Float64Array(rows));
	const progress = new Progress(plan, cells.length, onProgress);
	for (const block of plan.blocks) {
		signal?.throwIfAborted();
		const own = rowsOfMeasure(measure, block);
		const [first = 0] = block;
		const taken = { donors: rowsOfDonors(donors, rows, block, points), dictionaries };
		const sweep = new Block(own, taken, plan, signal);
		before.set(await sweep.start(recorded), first);
		await atOnce(plan.passes, AT_ONCE, async (pass) => {
			const values = await sweep.run(
				pass,
				pass.cells.map((c) => cells[c] as Cell),
			);
			for (const [i, c] of pass.cells.entries())
				(after[c] as Float64Array).set(values.subarray(i * block.length, (i + 1) * block.length), first);
			if (onCells && block === plan.blocks.at(-1))
				onCells(pass.cells.map((cell) => doneCell(cell, before, after[cell] as Float64Array)));
			progress.add(pass);
		});
	}
	return { before, after, plan };
}

function doneCell(cell: number, before: Float64Array, after: Float64Array): DoneCell {
	const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;
	return { cell, before: mean(before), after: mean(after) };
}

/** The rows of a block: their unchanged run, and the cells' runs on them. */
class Block {
	private clean: CleanRun | undefined;

	constructor(
		private readonly measure: Measure,
		/** What cells take by name. */
		private taken: Pick<RunOptions, "donors" | "dictionaries">,
		private readonly plan: CellPlan,
		private readonly signal: AbortSignal | undefined,
	) {}

	/** Runs the rows unchanged and keeps what cells take of that run; returns the metric's numbers. */
	async start(recorded: readonly string[]): Promise<Float64Array> {
		const { measure, signal, plan } = this;
		this.clean = await cleanRun(measure, recorded, signal);
		if (recorded.length > 0) {
			const donors = { ...this.taken.donors, [CLEAN]: this.clean.recorded };
			this.taken = { ...this.taken, donors };
		}
		if (measure.metric.names.length > 0) return this.whole([[]]);
		return readStream(measure, this.clean.streams.at(-1) as Tensor<"float32">, 0, plan.limits.scored, signal);
	}

	/** The metric's numbers of the rows of every cell, one cell after the other. */
	async run({ layer, position, cells: places }: Pass, cells: readonly Cell[]): Promise<Float64Array> {
		const { measure, taken, clean, signal, plan } = this;
		if (layer === undefined || !clean) return this.whole(cells);
		const { model, mask } = measure;
		const { nLayers } = model.config;
		const sizes = { ...model.sizes, dictionaries: taken.dictionaries };
		const all = repeated(range(0, measure.metric.rows), cells.length);
		const begin = (clean.streams[layer] as Tensor<"float32">).slice(1, position);
		const rows = mask && takeRows(mask, all);
		let stream = takeRows(begin, all);
		for (let l = layer; l < nLayers; l++) {
			const own = cells.map((cell, i) =>
				plan.layers[places[i] as number]?.has(l) ? atLayer(cell, l, sizes) : [],
			);
			const past = clean.pasts[l] as KeyValueCache;
			stream = await model.run(stream, {
				startAtLayer: l,
				stopAtLayer: l + 1,
				...(rows && { mask: rows }),
				...(own.some((cell) => cell.length > 0) && { cells: own, ...taken }),
				...(position > 0 && { past: past.first(position).repeat(cells.length) }),
				...(signal && { signal }),
			});
		}
		return readStream(measure, stream, position, plan.limits.scored, signal);
	}

	/** Cells as whole runs from the tokens: where the metric reads hook points, or cells look at tokens. */
	private async whole(cells: readonly Cell[]): Promise<Float64Array> {
		const { model, input, mask, metric } = this.measure;
		const all = repeated(range(0, metric.rows), cells.length);
		const readout = {
			names: metric.names,
			outputs: metricOutputs(metric),
			feeds: metricFeeds(metric, all),
		};
		const found = await model.read(takeRows(input as Tensor<"int32">, all), readout, {
			...(mask && { mask: takeRows(mask, all) }),
			...(metric.at && { logitsAt: all.map((row) => metric.at?.[row] as readonly number[]) }),
			...(cells.some((cell) => cell.length > 0) && { cells, ...this.taken }),
			...(this.signal && { signal: this.signal }),
		});
		return Float64Array.from((found.get("metric") as Tensor<"float32">).data);
	}
}

/** Tells how far a sweep is, by the work that its passes are. */
class Progress {
	private readonly total: number;
	private done = 0;
	private cellsDone = 0;
	private readonly started = performance.now();

	constructor(
		private readonly plan: CellPlan,
		private readonly cells: number,
		private readonly tell: SweepOptions["onProgress"],
	) {
		this.total = plan.blocks.length * plan.passes.reduce((sum, { work }) => sum + work, 0);
	}

	add({ work, cells }: Pass): void {
		this.done += work;
		this.cellsDone += cells.length / this.plan.blocks.length;
		const seconds = (performance.now() - this.started) / 1000;
		const left = (seconds * (this.total - this.done)) / this.done;
		this.tell?.(Math.floor(this.cellsDone + 1e-6), this.cells, left);
	}
}

/** Works on every item, at most `count` at a time. The first failure rejects, and nothing new is begun. */
async function atOnce<T>(
	items: readonly T[],
	count: number,
	work: (item: T) => Promise<void>,
): Promise<void> {
	const left = [...items];
	const worker = async (): Promise<void> => {
		for (let item = left.shift(); item !== undefined; item = left.shift()) {
			try {
				await work(item);
			} catch (error) {
				left.length = 0;
				throw error;
			}
		}
	};
	await Promise.all(Array.from({ length: count }, worker));
}
