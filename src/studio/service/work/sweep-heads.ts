import { type Intervention, type Model, Tensor } from "headscope";
import { type AblatedHead, type AblateOptions, type AblationKind, ablateHeads } from "headscope/causal";
import { readMetric } from "headscope/metrics";
import { changesFor, type DonorSources } from "../changes.js";
import type { StudioHost } from "../host.js";
import type { MethodContext } from "../method.js";
import type { HeadSweepParams } from "../methods/sweep-heads.js";
import { sourcesFor } from "../random-donors.js";
import { type Refused, withFitting } from "../refused.js";
import { tokenRows } from "../rows.js";
import { type AskedTokens, measureOf, rowsMeasure, type SweepMeasure } from "./metric-of.js";

/** Ablates every head on its own: what is known of it, while it runs and when it is done. */
export interface HeadSweep extends AskedTokens {
	readonly metric: string;
	readonly kind: string;
	/** Rows that the metric is computed on. */
	readonly rows: number;
	/** The metric without any of the ablations; NaN before the first head is done. */
	readonly before: number;
	/** float64 [layer, head]: the change of the metric; NaN for heads that are not done. */
	readonly change: Tensor<"float64">;
	/** Every head with its interval over rows, in the model's order; empty while the sweep runs. */
	readonly cells: readonly AblatedHead[];
	readonly done: number;
	readonly total: number;
	/** An estimate; 0 when it is done. */
	readonly secondsLeft: number;
	/** Changes below the ablations, of those that were given. */
	readonly base: number;
	/** Whose values they take, by name; random rows as they were made. */
	readonly sources: DonorSources;
	/** Those that were left out. */
	readonly refused: readonly Refused[];
}

/** Runs a sweep; what it tells on the way is of the same form as its result. */
export async function sweepHeads(
	given: HeadSweepParams,
	{ state, signal, report }: MethodContext<HeadSweep>,
): Promise<HeadSweep> {
	const { model } = state.model(given.model);
	const bound = await rowsOf(model, given, signal);
	const { measure, answers, wrong } = bound;
	const { result, refused } = await withFitting(given.interventions ?? [], (fitting) =>
		belowOf(bound, fitting, given, state.host),
	);
	const { nLayers, nHeads } = model.config;
	const change = Tensor.full([nLayers, nHeads], Number.NaN, "float64");
	const about = {
		metric: measure.metric.name,
		rows: measure.metric.rows,
		kind: given.kind,
		answers,
		wrong,
		base: result.below.base?.length ?? 0,
		sources: result.sources,
		refused,
	};
	let before = Number.NaN;
	const tell = (done: number, total: number, secondsLeft: number): void => {
		const soFar = new Tensor("float64", [nLayers, nHeads], change.data.slice(), ["layer", "head"]);
		report({ ...about, before, change: soFar, cells: [], done, total, secondsLeft });
	};
	const found = await ablateHeads(measure, {
		// checked by the library, which names those there are
		kind: given.kind as AblationKind,
		...result.below,
		signal,
		onCells: (cells) => {
			for (const { cell, ...values } of cells) {
				before = values.before;
				change.data[cell] = values.after - values.before;
			}
		},
		onProgress: tell,
	});
	const { length } = found.cells;
	return {
		...about,
		before: found.before,
		change: found.change,
		cells: found.cells,
		...{ done: length, total: length, secondsLeft: 0 },
	};
}

/** The measure of the prompts, or of random rows. */
function rowsOf(model: Model, given: HeadSweepParams, signal: AbortSignal): Promise<SweepMeasure> {
	const { repeat, metric, bos } = given;
	if (repeat) {
		const { samples, seed, n } = repeat;
		const rows = {
			task: "repeat" as const,
			samples,
			seed,
			...(n && { n }),
			...(bos !== undefined && { bos }),
		};
		return measureOf(model, rows, metric);
	}
	const ids = tokenRows(model, given).map((row) => row.map(({ id }) => id));
	return rowsMeasure(model, ids, given, signal);
}

/** What is below the ablations, and whose values it takes. */
interface Below {
	readonly below: Pick<AblateOptions, "base" | "donors" | "dictionaries">;
	readonly sources: DonorSources;
}

/**
 * What is below the ablations, with what it takes; run once by itself, so that a change that does not fit is told.
 * @throws {InterventionError}
 */
async function belowOf(
	{ measure }: SweepMeasure,
	interventions: readonly Intervention[],
	given: HeadSweepParams,
	host: StudioHost,
): Promise<Below> {
	if (interventions.length === 0) return { below: {}, sources: {} };
	const { model, input, mask } = measure;
	const sources = sourcesFor(given.donors, model, [Array.from(input.select(0).data, Number)]);
	const run = await changesFor(interventions, sources, { host, model, input, mask });
	await readMetric(measure, run);
	const { donors = {}, dictionaries } = run;
	return { below: { base: interventions, donors, dictionaries }, sources };
}
