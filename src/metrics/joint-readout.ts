import { input, slice } from "../graph/ops/index.js";
import { atScored, logitsAtFeeds } from "../models/logits-at.js";
import type { Readout } from "../models/run-options.js";
import type { Tensor } from "../tensor/index.js";
import type { BoundMetric } from "./metric.js";
import { rowsOfTensor } from "./tensor-rows.js";

/** The name that an input of a metric has in the graph, of the first one or of others read beside it. */
export function metricFeed(name: string, index = 0): string {
	return index === 0 ? `metric:${name}` : `metric${index}:${name}`;
}

/** Several metrics of the same rows, read in one run. */
export interface JointReadout {
	/** Places of each row that some metric reads, each list once; none where no metric reads logits. */
	readonly at: readonly (readonly number[])[] | undefined;
	/** How many there are of each row. */
	readonly scored: number;
	/** For rows `from` to `to - 1`; outputs are called by the metric's index. */
	readout(from: number, to: number): Readout;
}

/**
 * Joins what metrics read: those that read logits at the same places share them.
 * @param length of the rows where the run gives the logits of all positions, from which the readout takes those that
 * are scored; undefined where the run gives only them
 */
export function jointReadout(metrics: readonly BoundMetric[], length: number | undefined): JointReadout {
	const lists: (readonly (readonly number[])[])[] = [];
	const which = metrics.map(({ at }) => {
		if (!at) return -1;
		const known = lists.findIndex((list) => samePlaces(list, at));
		return known >= 0 ? known : lists.push(at) - 1;
	});
	const sizes = lists.map((list) => list[0]?.length ?? 0);
	const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
	const cuts = which.map((list): Cut | undefined =>
		list < 0 || lists.length === 1 ? undefined : [starts[list] as number, sizes[list] as number],
	);
	const outputs = outputsOf(
		metrics.map(({ graph }) => graph),
		cuts,
		length !== undefined && lists.length > 0,
	);
	const names = [...new Set(metrics.flatMap((metric) => metric.names))];
	const at = lists[0]?.map((_, row) => lists.flatMap((list) => list[row] ?? []));
	return {
		at,
		scored: sizes.reduce((a, b) => a + b, 0),
		readout: (from, to) => ({
			names,
			outputs,
			feeds: {
				...(length !== undefined && logitsAtFeeds(at?.slice(from, to), to - from, length, undefined)),
				...Object.fromEntries(
					metrics.flatMap(({ feeds }, i) =>
						Object.entries(feeds).map(([name, tensor]): [string, Tensor] => [
							metricFeed(name, i),
							rowsOfTensor(tensor, from, to),
						]),
					),
				),
			},
		}),
	};
}

/** First and number of the scored places that a metric reads among all. */
type Cut = readonly [start: number, size: number];

function samePlaces(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): boolean {
	return a === b || a.every((row, r) => row.length === b[r]?.length && row.every((p, i) => p === b[r]?.[i]));
}

/** Functions that were made, since a model knows a readout by its function; the oldest are forgotten. */
const made = new Map<string, Readout["outputs"]>();
const MADE_KEPT = 256;
const ids = new WeakMap<BoundMetric["graph"], number>();
let nextId = 0;

function idOf(graph: BoundMetric["graph"]): number {
	const id = ids.get(graph) ?? nextId++;
	ids.set(graph, id);
	return id;
}

function outputsOf(
	graphs: readonly BoundMetric["graph"][],
	cuts: readonly (Cut | undefined)[],
	whole: boolean,
): Readout["outputs"] {
	const key = `${graphs.map((graph, i) => `${idOf(graph)}@${cuts[i]?.join("+") ?? ""}`).join()}${whole ? " of all" : ""}`;
	const outputs: Readout["outputs"] =
		made.get(key) ??
		((get, g) =>
			Object.fromEntries(
				graphs.map((graph, i) => {
					const cut = cuts[i];
					const own = (name: string): ReturnType<typeof get> => {
						if (name !== "logits") return get(name);
						const scored = whole ? atScored(get(name), { scored: "scored", padded: false }) : get(name);
						return cut ? slice(scored, 1, cut[0], cut[0] + cut[1]) : scored;
					};
					const value = graph(own, g, (name, shape, dtype = "float32") =>
						input(metricFeed(name, i), dtype, shape),
					);
					return [String(i), value];
				}),
			));
	made.delete(key);
	made.set(key, outputs);
	const oldest = made.keys().next();
	if (made.size > MADE_KEPT && !oldest.done) made.delete(oldest.value);
	return outputs;
}
