import type { Measure } from "../metrics/index.js";
import type { RunOptions } from "../models/run-options.js";
import { counted } from "../shared/counted.js";
import { unequalRows } from "./align-prompts.js";
import { type Cell, type CellFacts, factsOf } from "./cells.js";
import { reject } from "./errors.js";
import { checkMemory, DEFAULT_MEMORY, type Limits, layerBytes, limitsOf, logitBytes } from "./memory.js";
import { range } from "./rows.js";

/** Cells that run together: from one layer and one position on. */
export interface Pass {
	/** Their places in the list. */
	readonly cells: readonly number[];
	/** First layer that is run; undefined: from the tokens. */
	readonly layer: number | undefined;
	/** First position that is run. Earlier ones are as in the unchanged run, which their keys and values are of. */
	readonly position: number;
	/** Layers times positions that each row takes: what the time goes by. */
	readonly work: number;
}

/** How a sweep is run. */
export interface CellPlan {
	/** Rows that go through every pass before the next ones do. One block where cells look at all rows. */
	readonly blocks: readonly (readonly number[])[];
	readonly passes: readonly Pass[];
	readonly limits: Limits;
	/** Layers that each cell changes. */
	readonly layers: readonly ReadonlySet<number>[];
}

/** What a plan depends on beside the cells. */
export interface PlanOptions {
	/** Bytes that a run may take beside the weights, about. Default 768 MiB. */
	readonly memory?: number | undefined;
	/** Sparse autoencoders that cells take by name. */
	readonly dictionaries?: RunOptions["dictionaries"];
}

/** Fewer rows times positions where runs begin at positions: a pass begins where its first cell does. */
const PART_OF_PASS = 0.5;

/**
 * Plans a sweep: which cells run together, so that none runs a layer or position before its first change, and no run
 * takes more memory than allowed.
 * @throws {CausalError} where a single cell would, with what it needs; {InterventionError} for cells that do not fit the model
 */
export function planCells(
	measure: Measure,
	cells: readonly Cell[],
	{ memory = DEFAULT_MEMORY, dictionaries }: PlanOptions = {},
): CellPlan {
	const { model, metric, input, mask } = measure;
	checkMemory(memory);
	const length = input.shape[1] as number;
	const sizes = { ...model.sizes, dictionaries };
	const facts = cells.map((cell, c) => {
		const unequal = unequalRows(cell, measure);
		if (unequal) reject(`cells[${c}][${unequal.at}]`, unequal.what);
		return factsOf(cell, sizes, length, `cells[${c}]`);
	});
	const limits = limitsOf(model, length, memory);
	const rows = facts.some(({ mixesRows }) => mixesRows)
		? metric.rows
		: Math.max(1, Math.min(metric.rows, Math.floor(limits.positions / length)));
	const needed =
		2 * rows * length * layerBytes(model, length) + logitBytes(model) * (metric.at?.[0]?.length ?? 0);
	if (needed > memory) {
		const alone = rows === 1 ? "one row" : `the ${rows} rows of a cell, which looks at all of them at once,`;
		reject(
			"memory",
			`${alone} of ${length} positions needs about ${megabytes(needed)}, allowed ${megabytes(memory)}; with memory: ${Math.ceil(needed)} it is a sweep of ${counted(cells.length, "pass", "passes")}, a cell each${rows > 1 ? "; or take fewer samples" : ""}`,
		);
	}
	const blocks = range(0, Math.ceil(metric.rows / rows)).map((b) =>
		range(b * rows, Math.min((b + 1) * rows, metric.rows)),
	);
	// positions before the first change are skipped only where nothing reads them and their keys are known
	const earliest = mask || !metric.at || metric.names.length > 0 ? 0 : Math.min(...metric.at.flat());
	const passes = grouped(facts, metric.names.length > 0).flatMap(({ layer, group }) =>
		passesOf(group, facts, {
			layer,
			earliest,
			rows,
			length,
			scored: metric.at?.[0]?.length ?? 0,
			limits,
			nLayers: model.config.nLayers,
		}),
	);
	return { blocks, passes, limits, layers: facts.map(({ layers }) => layers) };
}

/** Cells by the layer they begin at. A metric that reads hook points needs all layers. */
function grouped(
	facts: readonly CellFacts[],
	whole: boolean,
): { layer: number | undefined; group: number[] }[] {
	const byLayer = new Map<number | undefined, number[]>();
	for (const [c, { layer: first }] of facts.entries()) {
		const layer = whole ? undefined : first;
		byLayer.set(layer, [...(byLayer.get(layer) ?? []), c]);
	}
	return [...byLayer].sort(([a], [b]) => (a ?? -1) - (b ?? -1)).map(([layer, group]) => ({ layer, group }));
}

interface PassContext {
	readonly layer: number | undefined;
	readonly earliest: number;
	readonly rows: number;
	readonly length: number;
	/** Positions of a row whose logits are read. */
	readonly scored: number;
	readonly limits: Limits;
	readonly nLayers: number;
}

/** Cuts cells of one layer into passes, by position: as many as fit when all run from the first one's position on. */
function passesOf(
	group: readonly number[],
	facts: readonly CellFacts[],
	{ layer, earliest, rows, length, scored, limits, nLayers }: PassContext,
): Pass[] {
	const positionOf = (c: number): number =>
		layer === undefined ? 0 : Math.min(earliest, (facts[c] as CellFacts).position);
	const sorted = [...group].sort((a, b) => positionOf(a) - positionOf(b));
	const parts = new Set(sorted.map(positionOf)).size > 1;
	// a run of the whole model unembeds all its cells at once
	const unembedded =
		layer === undefined && scored > 0
			? Math.floor(limits.scored / (rows * scored))
			: Number.POSITIVE_INFINITY;
	const passes: Pass[] = [];
	for (let at = 0; at < sorted.length; ) {
		const position = positionOf(sorted[at] as number);
		const own = rows * (length - position);
		const room = parts ? limits.positions * PART_OF_PASS : limits.positions;
		const most = Math.max(1, Math.min(Math.floor(room / own), unembedded));
		// equal shares: a small rest would cost nearly as much as a full pass
		const left = sorted.length - at;
		const count = parts ? Math.min(most, left) : Math.ceil(left / Math.ceil(left / most));
		const cells = sorted.slice(at, at + count);
		passes.push({ cells, layer, position, work: count * (length - position) * (nLayers + 1 - (layer ?? 0)) });
		at += count;
	}
	return passes;
}

function megabytes(bytes: number): string {
	const count = bytes / 2 ** 20;
	return `${count < 10 ? count.toFixed(1) : Math.ceil(count)} MiB`;
}
