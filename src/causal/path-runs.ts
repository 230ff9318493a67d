import type { HookFn } from "../graph/trace.js";
import { actName } from "../hooks/points.js";
import type { Measure } from "../metrics/metric.js";
import type { Readout, RunOptions } from "../models/run-options.js";
import { Tensor } from "../tensor/index.js";
import { type Limits, limitsOf } from "./memory.js";
import { FollowedStreams, followedPoints } from "./path-following.js";
import { blocksBetween, isPath, type Receiver, type Sender } from "./path-nodes.js";
import { metricOutputs, readStream } from "./read-stream.js";
import { rowsOfMeasure } from "./rows.js";
import { chunksOf, metricFeeds, metricValue, repeated, runOn, takeRows } from "./taken-rows.js";

/** What the runs of path patching have in common. */
export interface PathRunOptions {
	readonly norms: "frozen" | "recomputed";
	readonly mlps: "frozen" | "recomputed";
	/** Bytes that the activations of one run may take, about. */
	readonly memory: number;
	readonly signal?: AbortSignal | undefined;
}

/** Some rows as both runs have them. */
export interface RecordedRows {
	readonly rows: readonly number[];
	/** The metric of each row. */
	readonly clean: Tensor;
	readonly corrupt: Tensor;
	/** Activations of the corrupted run that receivers need, by point. */
	readonly base: ReadonlyMap<string, Tensor>;
	/** What each sender wrote in the clean run beyond what it wrote in the corrupted one [row, pos, d_model]. */
	readonly written: ReadonlyMap<Sender, Float32Array>;
	/** Where MLPs on the way are recomputed: what receivers read. */
	readonly followed?: FollowedStreams;
}

/** Is told the change of the metric, summed over the rows, as soon as a path is done. */
export type OnPath = (from: Sender, to: Receiver, change: number) => void;

const METRIC = "metric";
/** Stands before the names of fed activations. */
const FED = "path:";
/** What attention reads of a layer's heads. */
const READ = ["q", "k", "v"] as const;

/**
 * The runs of path patching. A receiver's own value comes from one layer that is run on the patched stream, with
 * everything fed that must not follow; from the layer after it on the model runs as always.
 */
export class PathRuns {
	private readonly points: ReadonlySet<string>;
	private readonly limits: Limits;

	constructor(
		private readonly measure: Measure,
		private readonly options: PathRunOptions,
	) {
		this.limits = limitsOf(measure.model, measure.input.shape[1] as number, options.memory);
		this.points = new Set(measure.model.hookPoints().map(({ name }) => name));
	}

	/** Both runs of some rows. */
	async record(
		clean: Tensor,
		rows: readonly number[],
		senders: readonly Sender[],
		receivers: readonly Receiver[],
		positions: readonly number[] | undefined,
	): Promise<RecordedRows> {
		const sources = [...new Set(senders.map(({ point }) => point))];
		const follows = this.options.mlps === "recomputed";
		const needed = [
			...new Set([
				...sources,
				...receivers.flatMap((to) => this.neededBy(to)),
				...(follows ? followedPoints(senders, receivers) : []),
			]),
		];
		const [from, to] = [
			await this.activations(clean, rows, sources),
			await this.activations(this.measure.input, rows, needed),
		];
		const written = new Map(
			senders.map((sender) => [sender, difference(sender, from, to, positions)] as const),
		);
		const recorded = {
			rows,
			clean: from.get(METRIC) as Tensor,
			corrupt: to.get(METRIC) as Tensor,
			base: to,
			written,
		};
		if (!follows) return recorded;
		const { model, input } = this.measure;
		const shape = [rows.length, input.shape[1] as number, model.config.dModel] as const;
		const followed = new FollowedStreams(to, written, shape, (layer, residual, fed, wanted) =>
			this.inLayer(layer, residual, recorded, fed, wanted),
		);
		return { ...recorded, followed };
	}

	/** Every path from the senders to receivers of one kind and layer. */
	async patch(
		group: readonly Receiver[],
		senders: readonly Sender[],
		recorded: RecordedRows,
		onPath: OnPath,
	): Promise<void> {
		const { layer, kind } = group[0] as Receiver;
		const { base, rows } = recorded;
		const reached = senders.filter((from) => isPath(from, group[0] as Receiver));
		const size = this.cellsPerRun(rows.length);
		for (const cells of chunksOf(reached, size)) {
			if (kind === "logits") {
				const last = await this.cells("resid_post", layer - 1, cells, group, recorded);
				const scale = this.scale("ln_final", recorded, cells.length);
				const values = await this.unembedded(last, recorded, scale);
				this.tell(
					cells.map((from) => [from, group[0] as Receiver]),
					values,
					recorded,
					onPath,
				);
			} else if (kind === "mlp") {
				const point = streamOf(group[0] as Receiver);
				const mid = await this.cells(point, layer, cells, group, recorded);
				const fed = {
					[actName(point, layer)]: mid,
					...this.scale(this.normOf(group[0] as Receiver), recorded, cells.length),
				};
				const out = await this.inLayer(layer, mid, recorded, fed, actName("mlp_out", layer));
				const post = moved(at(base, "resid_post", layer), out, at(base, "mlp_out", layer));
				const values = await this.metricFrom(layer + 1, post, recorded);
				this.tell(
					cells.map((from) => [from, group[0] as Receiver]),
					values,
					recorded,
					onPath,
				);
			} else {
				const z = await this.headsOf(layer, kind, cells, group, recorded);
				const pairs = cells.flatMap((from, cell) => group.map((to) => ({ from, to, cell })));
				for (const some of chunksOf(pairs, size)) {
					const residual = takeRows(at(base, "resid_pre", layer), repeated([...rows.keys()], some.length));
					const fed = { [actName("z", layer)]: this.withHead(at(base, "z", layer), z, some, rows.length) };
					const post = await this.inLayer(layer, residual, recorded, fed, actName("resid_post", layer));
					const values = await this.metricFrom(layer + 1, post, recorded);
					this.tell(
						some.map(({ from, to }) => [from, to]),
						values,
						recorded,
						onPath,
					);
				}
			}
		}
	}

	/** How many rows are recorded at once: the heads' results of all layers are held. */
	rowsAtOnce(senders: readonly Sender[]): number {
		const { model, input } = this.measure;
		const { nHeads, dModel, nLayers } = model.config;
		const points = new Map(senders.map(({ point, kind }) => [point, kind === "head" ? nHeads : 1]));
		const own = [...points.values()].reduce((a, b) => a + b, 0) + senders.length;
		// the streams of every sender, and of the corrupted run those that they are compared with
		const width = own + (this.options.mlps === "recomputed" ? senders.length + 2 * nLayers : 0);
		const bytes = 4 * (input.shape[1] as number) * dModel * width;
		return Math.max(1, Math.floor(this.options.memory / bytes));
	}

	/** Cells, each of so many rows, whose activations fit into the memory. */
	private cellsPerRun(rows: number): number {
		const { input, metric } = this.measure;
		const { positions, scored } = this.limits;
		const own = metric.at?.[0]?.length ?? 0;
		const most = Math.min(positions / (rows * (input.shape[1] as number)), scored / (rows * own));
		return Math.max(1, Math.floor(most));
	}

	/** Points of the corrupted run that paths into a receiver need. */
	private neededBy(to: Receiver): string[] {
		const { kind, layer } = to;
		if (kind === "logits") return [actName("resid_post", layer - 1), ...this.frozen("ln_final")];
		const points = kind === "mlp" ? ["mlp_out", "resid_post"] : ["z", ...READ];
		const named = [streamOf(to), ...points].map((point) => actName(point, layer));
		return [...named, ...this.frozen(this.normOf(to))];
	}

	/** The norm that a receiver of a layer reads through: an MLP may share that of attention. */
	private normOf({ kind, layer }: Receiver): string {
		const own = `blocks.${layer}.ln2`;
		return kind === "mlp" && this.points.has(`${own}.hook_scale`) ? own : `blocks.${layer}.ln1`;
	}

	/** The scale of a norm where it is frozen and there is one. */
	private frozen(norm: string): string[] {
		const name = `${norm}.hook_scale`;
		return this.options.norms === "frozen" && this.points.has(name) ? [name] : [];
	}

	/** The frozen scale as it is fed to so many cells. */
	private scale(norm: string, { base, rows }: RecordedRows, cells: number): Record<string, Tensor> {
		const all = repeated([...rows.keys()], cells);
		return Object.fromEntries(
			this.frozen(norm).map((name) => [name, takeRows(base.get(name) as Tensor, all)]),
		);
	}

	/** z of a layer [cell * row, pos, head, d_head] where all its heads read the patched stream as q, k or v. */
	private async headsOf(
		layer: number,
		kind: (typeof READ)[number],
		cells: readonly Sender[],
		group: readonly Receiver[],
		recorded: RecordedRows,
	): Promise<Tensor> {
		const { base, rows } = recorded;
		const all = repeated([...rows.keys()], cells.length);
		const stream = await this.cells("resid_pre", layer, cells, group, recorded);
		const kept = READ.filter((other) => other !== kind).map((other) => actName(other, layer));
		const fed = {
			...Object.fromEntries(kept.map((name) => [name, takeRows(base.get(name) as Tensor, all)])),
			...this.scale(`blocks.${layer}.ln1`, recorded, cells.length),
		};
		return this.inLayer(layer, stream, recorded, fed, actName("z", layer));
	}

	/** The corrupted z in every cell, but for the cell's head (with a kv head: those that read it). */
	private withHead(
		base: Tensor,
		patched: Tensor,
		pairs: readonly { to: Receiver; cell: number }[],
		rows: number,
	): Tensor {
		const [, pos = 0, nHeads = 0, dHead = 0] = base.shape;
		const groupSize = nHeads / this.measure.model.config.nKvHeads;
		const size = pos * nHeads * dHead;
		const data = new Float32Array(pairs.length * rows * size);
		for (const [i, { to, cell }] of pairs.entries()) {
			const each = to.kind === "q" ? 1 : groupSize;
			data.set(base.data as Float32Array, i * rows * size);
			for (let place = 0; place < rows * pos; place++) {
				const start = place * nHeads * dHead + to.head * each * dHead;
				const part = patched.data.subarray(
					cell * rows * size + start,
					cell * rows * size + start + each * dHead,
				);
				data.set(part as Float32Array, i * rows * size + start);
			}
		}
		return new Tensor("float32", [pairs.length * rows, pos, nHeads, dHead], data);
	}

	/**
	 * The stream that a group reads in every cell: with what the cell's sender wrote beyond the corrupted run, and
	 * where MLPs follow with what they make of it.
	 */
	private async cells(
		point: string,
		layer: number,
		cells: readonly Sender[],
		group: readonly Receiver[],
		{ base, written, rows, followed }: RecordedRows,
	): Promise<Tensor> {
		if (followed) return followed.before(group[0] as Receiver, cells);
		const stream = at(base, point, layer);
		const growth = this.measure.model.family.residualGrowth ?? 1;
		const data = new Float32Array(cells.length * stream.size);
		for (const [c, from] of cells.entries()) {
			const weight = growth ** blocksBetween(from, group[0] as Receiver);
			const change = written.get(from) as Float32Array;
			for (let i = 0; i < stream.size; i++) {
				data[c * stream.size + i] = Number(stream.data[i]) + weight * (change[i] as number);
			}
		}
		return new Tensor("float32", [cells.length * rows.length, ...stream.shape.slice(1)], data);
	}

	private async activations(
		input: Tensor,
		rows: readonly number[],
		names: readonly string[],
	): Promise<Map<string, Tensor>> {
		const { model, metric } = this.measure;
		const outputs: Readout["outputs"] = (get, g) => ({
			[METRIC]: metricValue(metric, get, g),
			...Object.fromEntries(names.map((name) => [name, get(name)])),
		});
		const readout = { names, outputs, feeds: metricFeeds(metric, rows) };
		return model.read(takeRows(input as Tensor<"int32">, rows), readout, {
			...runOn(this.measure, rows),
			...this.signalled,
		});
	}

	/** One layer on a residual stream with fed activations; returns the value of one of its points. */
	private async inLayer(
		layer: number,
		residual: Tensor,
		recorded: RecordedRows,
		fed: Readonly<Record<string, Tensor>>,
		wanted: string,
	): Promise<Tensor> {
		const readout = {
			names: [wanted],
			outputs: (get: (name: string) => never) => ({ [wanted]: get(wanted) }),
		};
		const found = await this.run(residual, readout, recorded, fed, layer, layer + 1);
		return found.get(wanted) as Tensor;
	}

	/** The metric of every cell's rows from the residual stream before a layer on, a layer at a time. */
	private async metricFrom(layer: number, residual: Tensor, { rows }: RecordedRows): Promise<Float64Array> {
		const { model, mask } = this.measure;
		const all = repeated(rows, (residual.shape[0] as number) / rows.length);
		const given = { ...(mask && { mask: takeRows(mask, all) }), ...this.signalled };
		let stream = residual as Tensor<"float32">;
		for (let l = layer; l < model.config.nLayers; l++) {
			stream = await model.run(stream, { ...given, startAtLayer: l, stopAtLayer: l + 1 });
		}
		return readStream(rowsOfMeasure(this.measure, rows), stream, 0, this.limits.scored, this.options.signal);
	}

	/** The metric of every cell's rows from the last residual stream, with the last norm's scale as it was. */
	private async unembedded(
		residual: Tensor,
		recorded: RecordedRows,
		fed: Readonly<Record<string, Tensor>>,
	): Promise<Float64Array> {
		const { model, metric } = this.measure;
		const readout = { names: [], outputs: metricOutputs(metric) };
		const found = await this.run(residual, readout, recorded, fed, model.config.nLayers);
		return Float64Array.from((found.get(METRIC) as Tensor<"float32">).data);
	}

	private run(
		residual: Tensor,
		readout: Readout,
		{ rows }: RecordedRows,
		fed: Readonly<Record<string, Tensor>>,
		startAtLayer: number,
		stopAtLayer?: number,
	): Promise<Map<string, Tensor>> {
		const { model, metric } = this.measure;
		const all = repeated(rows, (residual.shape[0] as number) / rows.length);
		const { mask, ...atEnd } = runOn(this.measure, all);
		const feed: HookFn = (value, g, { name }) => g.input(FED + name, "float32", value.shape);
		const options: RunOptions = {
			startAtLayer,
			...(stopAtLayer === undefined ? atEnd : { stopAtLayer }),
			...(mask && { mask }),
			...this.signalled,
			// functions are not remembered, so that none must be given where none is needed
			...(Object.keys(fed).length > 0 && {
				hooks: Object.fromEntries(Object.keys(fed).map((name) => [name, feed])),
			}),
		};
		const named = Object.entries(fed).map(([name, tensor]) => [FED + name, tensor]);
		const feeds = { ...metricFeeds(metric, all), ...(Object.fromEntries(named) as Record<string, Tensor>) };
		return model.read(residual as Tensor<"float32">, { ...readout, feeds }, options);
	}

	private tell(
		pairs: readonly (readonly [Sender, Receiver])[],
		values: Float64Array,
		{ corrupt, rows }: RecordedRows,
		onPath: OnPath,
	): void {
		for (const [i, [from, to]] of pairs.entries()) {
			let change = 0;
			for (const r of rows.keys()) {
				change += (values[i * rows.length + r] as number) - Number(corrupt.data[r]);
			}
			onPath(from, to, change);
		}
	}

	private get signalled(): Pick<RunOptions, "signal"> {
		return this.options.signal ? { signal: this.options.signal } : {};
	}
}

function at(base: ReadonlyMap<string, Tensor>, point: string, layer: number): Tensor {
	return base.get(actName(point, layer)) as Tensor;
}

/** base + (patched - before) in every cell: the stream after a layer of which one output changed. */
function moved(base: Tensor, patched: Tensor, before: Tensor): Tensor {
	const data = Float32Array.from(patched.data as Float32Array, (value, i) => {
		const place = i % base.size;
		return Number(base.data[place]) + (value - Number(before.data[place]));
	});
	return new Tensor("float32", patched.shape, data);
}

/** What a sender wrote in one run more than in another, at the chosen positions: [row, pos, d_model]. */
function difference(
	{ point, kind, head }: Sender,
	from: ReadonlyMap<string, Tensor>,
	to: ReadonlyMap<string, Tensor>,
	positions: readonly number[] | undefined,
): Float32Array {
	const [clean, corrupt] = [from.get(point) as Tensor, to.get(point) as Tensor];
	const [rows = 0, pos = 0] = clean.shape;
	const width = clean.shape.at(-1) as number;
	const heads = kind === "head" ? (clean.shape[2] as number) : 1;
	const data = new Float32Array(rows * pos * width);
	for (let place = 0; place < rows * pos; place++) {
		if (positions && !positions.includes(place % pos)) continue;
		const start = (place * heads + head) * width;
		for (let i = 0; i < width; i++) {
			data[place * width + i] = Number(clean.data[start + i]) - Number(corrupt.data[start + i]);
		}
	}
	return data;
}

/** The point that a receiver of a layer reads the stream at. */
function streamOf({ behindAttention }: Receiver): "resid_mid" | "resid_pre" {
	return behindAttention ? "resid_mid" : "resid_pre";
}
