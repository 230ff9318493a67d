import { concat, unsqueeze } from "../graph/ops/index.js";
import type { Model } from "../models/model.js";
import type { ModelInput, Readout, RunOptions } from "../models/run-options.js";
import type { Samples } from "../tasks/index.js";
import { Random, type Tensor } from "../tensor/index.js";
import { controlOf } from "./control.js";
import type { HeadScores } from "./head-scores.js";
import { HeadSums } from "./head-sums.js";
import { layerPoints, normBehind } from "./layer-points.js";
import { findScore } from "./registry.js";
import { type Rows, rowsOf, ScoreError } from "./row.js";
import type { HeadScore, UnembeddingRows } from "./score.js";
import type { SampleOptions, Source } from "./subject.js";
import { type HeadsOf, subjectOf } from "./subject-of.js";
import { readUnembedding } from "./unembedding.js";

/** The samples that heads are scored on, and how much may be held at once. */
export interface ScoreHeadsOptions extends SampleOptions {
	/** Bytes that the activations of one run may take, about. Default 64 MiB; a single row may need more. */
	memory?: number;
	/**
	 * What is changed on the way, so that a changed model is scored: hooks, patches, interventions. Of what is taken of the
	 * scored rows themselves, such as donors: a function that makes it for the rows of a run, the samples' or a control's.
	 */
	run?: ScoredRun | ((input: ModelInput, samples: Samples) => Promise<ScoredRun>);
	signal?: AbortSignal;
	/** Rows that are done, of all. */
	onProgress?: (done: number, total: number) => void;
}

/** What a run of scored rows may be given. */
type ScoredRun = Omit<RunOptions, "bos" | "mask" | "signal" | "startAtLayer" | "stopAtLayer">;

const DEFAULT_MEMORY = 64 * 2 ** 20;

/**
 * Scores every head of a language model or of a regression run (`SCORES` and `REGRESSION_SCORES`). Scores that
 * want the same samples share their runs; rows go through the model in chunks, and only sums are kept, so any
 * number of samples fits. Equal options give equal rows, whatever else is asked for and however large a chunk is.
 * @throws {ScoreError} for an unknown score and rows that it cannot be computed on, {TaskError} for samples
 * that cannot be made.
 */
export async function scoreHeads(
	of: HeadsOf,
	score: string | HeadScore,
	options?: ScoreHeadsOptions,
): Promise<HeadScores>;
export async function scoreHeads(
	of: HeadsOf,
	scores: readonly (string | HeadScore)[],
	options?: ScoreHeadsOptions,
): Promise<Map<string, HeadScores>>;
export async function scoreHeads(
	of: HeadsOf,
	scores: string | HeadScore | readonly (string | HeadScore)[],
	options: ScoreHeadsOptions = {},
): Promise<HeadScores | Map<string, HeadScores>> {
	const list = Array.isArray(scores)
		? (scores as readonly (string | HeadScore)[])
		: [scores as string | HeadScore];
	const subject = subjectOf(of, options);
	const { model } = subject;
	const record = (s: string | HeadScore): HeadScore =>
		typeof s === "string" ? findScore(s, subject.scores) : s;
	const asked = new Map(list.map((s) => [nameOf(s), record(s)]));
	const groups = groupBySamples(asked, options).map(({ kind, members }) => ({
		members,
		source: subject.source(kind),
	}));
	const needsUnembedding = [...asked.values()].some((s) => s.needsUnembedding);
	const unembedding = needsUnembedding ? await readUnembedding(model) : undefined;
	const total = groups.reduce((sum, { source }) => sum + source.count, 0);
	const results = new Map<string, HeadScores>();
	let done = 0;
	for (const { members, source } of groups) {
		const found = await scoreGroup(model, members, source, { unembedding, options }, (rows) => {
			done += rows;
			options.onProgress?.(done, total);
		});
		for (const [name, scored] of found) results.set(name, scored);
	}
	if (!Array.isArray(scores)) return results.get(list.map(nameOf)[0] as string) as HeadScores;
	return new Map(list.map((s) => [nameOf(s), results.get(nameOf(s)) as HeadScores]));
}

function nameOf(score: string | HeadScore): string {
	return typeof score === "string" ? score : score.name;
}

type Named = ReadonlyMap<string, HeadScore>;

/** Scores that are computed on the same rows: all of them where rows are given. */
function groupBySamples(
	scores: Named,
	{ ids, text }: SampleOptions,
): { kind: HeadScore["samples"]; members: Named }[] {
	const groups = new Map<string, { kind: HeadScore["samples"]; members: Map<string, HeadScore> }>();
	for (const [name, score] of scores) {
		const key = ids || text !== undefined ? "given" : score.samples;
		const group = groups.get(key) ?? { kind: score.samples, members: new Map<string, HeadScore>() };
		groups.set(key, group);
		group.members.set(name, score);
	}
	return [...groups.values()];
}

interface Context {
	readonly unembedding: UnembeddingRows | undefined;
	readonly options: ScoreHeadsOptions;
}

/** A chunk of rows whose runs were handed to the engine. */
interface Chunk {
	readonly rows: Rows;
	readonly scored: Promise<Results>;
	/** The runs of the controls, by score. */
	readonly controls: ReadonlyMap<string, Promise<Results>>;
}

async function scoreGroup(
	model: Model,
	members: Named,
	{ task, count, range, input }: Source,
	{ unembedding, options }: Context,
	onRows: (rows: number) => void,
): Promise<Map<string, HeadScores>> {
	const { nLayers, nHeads } = model.config;
	const { seed = 0, memory = DEFAULT_MEMORY, signal } = options;
	// the controls have a stream of their own, so that they leave the rows as they are
	const [random, seeds] = [new Random(seed), new Random(seed ^ 0x5eed)];
	const reader = readerOf(model, members, options.run);
	let bos = false;
	const launch = (start: number, end: number): Chunk => {
		const samples = task.draw(random, end - start);
		bos = samples.bos;
		const rowSeeds = samples.ids.map(() => seeds.bits());
		const rows = rowsOf(samples);
		checkRows(members, rows, start);
		const feeds = Object.assign({}, ...[...members.values()].map((s) => s.feeds(rows, unembedding)));
		const run = (ids: Samples["ids"]): Promise<Results> => {
			const results = reader(input(ids, samples), { ...samples, ids }, feeds, signal);
			results.catch(() => {}); // heard where it is awaited, if an earlier one does not fail first
			return results;
		};
		const scored = run(samples.ids);
		// scores of the same queries have the same control, which is run once
		const runs = new Map<string, Promise<Results>>();
		const controls = new Map<string, Promise<Results>>();
		for (const [name, score] of members) {
			if (!score.control) continue;
			const { ids } = controlOf(score, samples, range, rowSeeds);
			const key = ids.join(";");
			const control = runs.get(key) ?? run(ids);
			runs.set(key, control);
			controls.set(name, control);
		}
		return { rows, scored, controls };
	};
	const sums = new Map([...members].map(([name, score]) => [name, new HeadSums(score, nLayers * nHeads)]));
	const size = rowsInMemory(model, task.length, members, memory);
	let next: Chunk | undefined = launch(0, Math.min(size, count));
	for (let start = 0; next; start += size) {
		signal?.throwIfAborted();
		const { rows, scored, controls }: Chunk = next;
		const after = start + size;
		// the next chunk is made while the engine runs this one
		next = after < count ? launch(after, Math.min(after + size, count)) : undefined;
		for (const [name, into] of sums) {
			into.add(rows, (await scored).get(name) ?? [], (await controls.get(name))?.get(name));
		}
		onRows(rows.rows.length);
	}
	const about = { task: task.doc, samples: count, seed, bos };
	return new Map([...sums].map(([name, sum]) => [name, sum.result({ score: name, ...about }, nHeads)]));
}

/** @throws {ScoreError} for a row that a score has nothing to look at in */
function checkRows(members: Named, { rows }: Rows, first: number): void {
	for (const [name, score] of members) {
		const bad = rows.findIndex((row) => score.queries(row).length === 0);
		if (bad < 0) continue;
		throw new ScoreError(`${name}: row ${first + bad} has no position that it could be computed at`);
	}
}

/** For each score, for each row, every head's number: entry l * nHeads + h. */
type Results = Map<string, Float32Array[]>;

type Reader = (
	input: ModelInput,
	samples: Samples,
	feeds: Readonly<Record<string, Tensor>>,
	signal: AbortSignal | undefined,
) => Promise<Results>;

/** Runs rows through the model with the scores reduced inside its graph. */
function readerOf(model: Model, members: Named, run: ScoreHeadsOptions["run"]): Reader {
	const layers = [...Array(model.config.nLayers).keys()];
	const points = new Set([...members.values()].flatMap((s) => s.needs));
	const nameAt = (point: string, layer: number): string => `blocks.${layer}.attn.hook_${point}`;
	const names = [...points].flatMap((point) => layers.map((layer) => nameAt(point, layer)));
	const outputs: Readout["outputs"] = (get, g) =>
		Object.fromEntries(
			[...members].map(([name, score]) => {
				const perLayer = layers.map((layer) =>
					score.graph(layerPoints(get, layer, normBehind(model, layer, score), g), g),
				);
				return [
					name,
					concat(
						perLayer.map((v) => unsqueeze(v, 1)),
						1,
					),
				]; // [batch, layer, head]
			}),
		);
	return async (input, samples, feeds, signal) => {
		const { ids, mask } = samples;
		const changes = typeof run === "function" ? await run(input, samples) : run;
		const readout = { names, outputs, feeds };
		// a run that is given a signal is cut into parts to hear it, which costs memory; chunks are short enough
		const found = await orAbort(model.read(input, readout, { ...changes, ...(mask && { mask }) }), signal);
		return new Map(
			[...members.keys()].map((name) => {
				const values = found.get(name) as Tensor<"float32">;
				return [name, ids.map((_, r) => values.select(r).data)];
			}),
		);
	};
}

/** What `work` gives, or the signal's reason as soon as it is aborted; work that is under way ends unheard. */
async function orAbort<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (!signal) return work;
	let stop: (() => void) | undefined;
	const aborted = new Promise<never>((_, reject) => {
		stop = () => reject(signal.reason);
		if (signal.aborted) stop();
		else signal.addEventListener("abort", stop);
	});
	try {
		return await Promise.race([work, aborted]);
	} finally {
		if (stop) signal.removeEventListener("abort", stop);
	}
}

/** How many rows of a length can run at once: what is alive in a layer, roughly. */
function rowsInMemory({ config }: Model, length: number, members: Named, memory: number): number {
	const { nHeads, dModel, dMlp } = config;
	const results = [...members.values()].some((s) => s.needs.includes("result"));
	const square = 3 * nHeads * length ** 2 + members.size * length ** 2;
	const wide = length * (3 * dMlp + 8 * dModel + (results ? 2 * nHeads * dModel : 0));
	return Math.max(1, Math.floor(memory / (4 * (square + wide))));
}
