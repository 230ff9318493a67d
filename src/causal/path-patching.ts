import type { Measure, MeasureOf, RegressionRun } from "../metrics/metric.js";
import type { Model } from "../models/model.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { checkMemory, DEFAULT_MEMORY } from "./memory.js";
import { type CleanOptions, type PairOptions, type PromptPair, pairOf } from "./pair-of.js";
import { isPath, type Receiver, receiversOf, sendersOf, sizesOf } from "./path-nodes.js";
import { PathRuns } from "./path-runs.js";
import type { RunPair } from "./run-pair.js";
import { chunksOf } from "./taken-rows.js";

/** Which paths are patched, and what is held fast. */
export interface PathPatchingOptions {
	/** Names of senders, or "all", "heads", "mlps": see `sendersOf`. Default all. */
	readonly senders?: readonly string[];
	/** Names of receivers, or "all", "q", "k", "v", "mlps": see `receiversOf`. Default `["logits"]`. */
	readonly receivers?: readonly string[];
	/**
	 * The norm that a receiver reads through: "frozen" divides by the scale of the corrupted run, "recomputed" by that of
	 * the patched stream. Default "frozen": what reaches a receiver is then linear in what the senders wrote, so
	 * that the paths from all of them add up, as in direct logit attribution.
	 */
	readonly norms?: "frozen" | "recomputed";
	/**
	 * MLPs between sender and receiver: "frozen" as the corrupted run has them, so that an MLP is a node of its own, or
	 * "recomputed" on what reaches them, as in Wang et al.: a path then is all ways through MLPs, but through no
	 * other head. Default "frozen".
	 */
	readonly mlps?: "frozen" | "recomputed";
	/** Positions at which the senders' outputs are replaced; negative ones count from the end. Default all. */
	readonly positions?: readonly number[];
	/** Bytes that the activations of one run may take, about. Default 768 MiB; a single cell may need more. */
	readonly memory?: number;
	readonly signal?: AbortSignal;
	/** Cells that are done, of all; a cell is a path on one chunk of rows. */
	readonly onProgress?: (done: number, total: number) => void;
}

/** What path patching gives. */
export interface PathPatching {
	readonly metric: string;
	/** The metric of the clean and of the corrupted run: means over rows. */
	readonly clean: number;
	readonly corrupt: number;
	readonly rows: number;
	readonly senders: readonly string[];
	readonly receivers: readonly string[];
	readonly norms: "frozen" | "recomputed";
	readonly mlps: "frozen" | "recomputed";
	/** Change of the mean metric [sender, receiver]; NaN where the receiver comes before the sender. */
	readonly values: Tensor<"float64">;
}

/**
 * Path patching (Wang et al. 2022, section 3.1; Goldowsky-Dill et al. 2023): what the metric of the corrupted run
 * changes by when one receiver alone reads a sender's clean output. Only the direct path through the residual
 * stream is taken: every head between both stays as the corrupted run has it, and so does every MLP unless `mlps` lets
 * them follow, as Wang et al. do. What comes after the receiver is computed anew.
 *
 * All paths into a layer's queries (keys, values, MLP) are computed in batches: one layer with the patched stream, then
 * the rest of the model from that layer on, for many cells at once.
 * @param of a language model with prompts, a regression run, or a metric that is bound to the corrupted rows
 * @throws {CausalError} for senders and receivers that the model lacks, rows of another shape, no path at all, and a
 * metric that reads hook points, which a resumed run may not reach
 */
export async function pathPatching(
	of: Measure,
	options: PathPatchingOptions & CleanOptions,
): Promise<PathPatching>;
export async function pathPatching(
	of: Model,
	options: PathPatchingOptions & PromptPair,
): Promise<PathPatching>;
export async function pathPatching(
	of: RegressionRun,
	options?: PathPatchingOptions & RunPair,
): Promise<PathPatching>;
export async function pathPatching(
	of: MeasureOf | Measure,
	options: PathPatchingOptions & PairOptions = {},
): Promise<PathPatching> {
	const { norms = "frozen", mlps = "frozen", memory = DEFAULT_MEMORY, signal, onProgress } = options;
	checkMemory(memory);
	for (const [name, how] of Object.entries({ norms, mlps })) {
		if (how !== "frozen" && how !== "recomputed")
			reject(name, `got ${JSON.stringify(how)}, allowed "frozen", "recomputed"`);
	}
	const { measure, clean } = await pairOf(of, options);
	const { model, metric } = measure;
	if (metric.names.length > 0) {
		reject("metric", `"${metric.name}" reads ${metric.names[0]}, allowed are metrics of the logits`);
	}
	const sizes = sizesOf({ config: model.config, hookPoints: model.hookPoints() });
	const senders = sendersOf(options.senders ?? ["all"], sizes);
	const receivers = receiversOf(options.receivers ?? ["logits"], sizes);
	const head = senders.find(({ kind }) => kind === "head");
	if (head && model.hookPoints().some(({ name }) => name.endsWith("ln1_post.hook_scale"))) {
		reject(
			"senders",
			`head ${head.name} writes through a norm of all heads together (ln1_post), so that its part has no clean run; allowed embed, resid.L, attn.L, mlp.L, mlps`,
		);
	}
	const edges = senders.flatMap((from) => receivers.filter((to) => isPath(from, to)));
	if (edges.length === 0)
		reject("receivers", "every receiver comes before every sender, so there is no path");
	const positions = checkPositions(options.positions, measure);
	const sums = new Float64Array(senders.length * receivers.length);
	const means = { clean: 0, corrupt: 0 };
	const runs = new PathRuns(measure, { norms, mlps, memory, signal });
	const blocks = chunksOf([...Array(metric.rows).keys()], runs.rowsAtOnce(senders));
	let done = 0;
	for (const rows of blocks) {
		signal?.throwIfAborted();
		const recorded = await runs.record(clean, rows, senders, receivers, positions);
		means.clean += sumOf(recorded.clean) / metric.rows;
		means.corrupt += sumOf(recorded.corrupt) / metric.rows;
		for (const group of groupsOf(receivers)) {
			await runs.patch(group, senders, recorded, (from, to, change) => {
				const cell = senders.indexOf(from) * receivers.length + receivers.indexOf(to);
				sums[cell] = (sums[cell] as number) + change / metric.rows;
				done++;
				onProgress?.(done, edges.length * blocks.length);
			});
		}
	}
	for (const [s, from] of senders.entries()) {
		for (const [r, to] of receivers.entries())
			if (!isPath(from, to)) sums[s * receivers.length + r] = Number.NaN;
	}
	return {
		metric: metric.name,
		...means,
		rows: metric.rows,
		senders: senders.map(({ name }) => name),
		receivers: receivers.map(({ name }) => name),
		norms,
		mlps,
		values: new Tensor("float64", [senders.length, receivers.length], sums, ["sender", "receiver"]),
	};
}

/** Receivers of one layer and kind together: they are run together. */
function groupsOf(receivers: readonly Receiver[]): Receiver[][] {
	const groups = new Map<string, Receiver[]>();
	for (const receiver of receivers) {
		const key = `${receiver.layer} ${receiver.kind}`;
		groups.set(key, [...(groups.get(key) ?? []), receiver]);
	}
	return [...groups.values()];
}

function checkPositions(
	positions: readonly number[] | undefined,
	{ input, mask }: Measure,
): number[] | undefined {
	const length = input.shape[1] as number;
	if (positions?.length === 0) reject("positions", "the list is empty; leave it out for all");
	if (positions && mask)
		reject(
			"positions",
			"rows of different length have different positions; give rows of one length, or none",
		);
	return positions?.map((p) => {
		if (!Number.isInteger(p) || p < -length || p >= length) {
			reject("positions", `got ${p}, these rows have ${-length}..${length - 1}`);
		}
		return p < 0 ? p + length : p;
	});
}

function sumOf({ data }: Tensor): number {
	return (data as Float32Array).reduce((a, b) => a + b, 0);
}
