import { unequalRows } from "../causal/align-prompts.js";
import type { Donor } from "../interventions/index.js";
import { editsOf } from "../interventions/registry.js";
import {
	type Change,
	compareRows,
	type Measure,
	type MeasureOf,
	type MeasureOptions,
	type MetricData,
	measuring,
	type RegressionRun,
	readMetrics,
} from "../metrics/index.js";
import { sameRows } from "../metrics/tensor-rows.js";
import type { Model } from "../models/model.js";
import type { Sae } from "../sae/sae.js";
import { readDictionaries } from "./dictionaries.js";
import { recordDonors } from "./donors.js";
import { ExperimentError } from "./errors.js";
import { readNamed, reject } from "./named-files.js";
import type { Experiment, ExperimentData } from "./parse-experiment.js";
import { sha256 } from "./sha256.js";

/** What an experiment needs of where it runs: Node, a page, a test. */
export interface ExperimentHost {
	/** Opens a language model. The experiment disposes of it. */
	loadModel(ref: string): Promise<Model>;
	/** Opens a run of in-context regression. The experiment disposes of it. */
	openRun?(ref: string): Promise<RegressionRun & AsyncDisposable>;
	/** A text file that the experiment names. */
	readText?(path: string): Promise<string>;
	/** The tensors by hook name of a file that the experiment names. */
	readDonor?(path: string): Promise<Donor>;
	/** The sparse autoencoder in a folder that the experiment names. */
	loadDictionary?(folder: string): Promise<Sae>;
	/** What computes, such as headscope and the runtime; it stands in results. */
	readonly versions: Readonly<Record<string, string>>;
}

/** How an experiment is followed and stopped. */
export interface RunExperimentOptions {
	readonly signal?: AbortSignal | undefined;
	/** Metrics that are done, of all. */
	readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** A metric with and without the experiment's interventions: means over rows. */
export interface MetricResult extends Change {
	/** The metric's name, such as "loss@51:100". */
	readonly metric: string;
	/** What it is. */
	readonly doc: string;
	/** As the experiment has it. */
	readonly data: string | MetricData;
	readonly rows: number;
}

/** What an experiment found. Equal files, versions and machines give equal numbers. */
export interface ExperimentResult {
	/** The experiment's file. */
	readonly experiment: string;
	readonly title?: string;
	/** SHA-256 of the file's text, in hexadecimal. */
	readonly sha256: string;
	readonly versions: Readonly<Record<string, string>>;
	/** The model or run, as the file names it. */
	readonly model: string;
	readonly bootstrap: { readonly seed: number; readonly resamples: number };
	readonly metrics: readonly MetricResult[];
}

/**
 * Carries an experiment out: every metric on its rows without and with the interventions. It runs the same in Node and
 * in a page; the host opens what the file names.
 * @throws {ExperimentError} with the place in the file for what does not fit the model or the rows
 */
export async function runExperiment(
	experiment: Experiment,
	host: ExperimentHost,
	options: RunExperimentOptions = {},
): Promise<ExperimentResult> {
	const { data, name, text } = experiment;
	await using opened = await open(experiment, host);
	try {
		const metrics = await measureAll(opened.of, experiment, host, options);
		return {
			experiment: name,
			...(data.title !== undefined && { title: data.title }),
			sha256: await sha256(text),
			versions: host.versions,
			model: refOf(data),
			bootstrap: bootstrapOf(data),
			metrics,
		};
	} catch (error) {
		throw experiment.locate(error);
	}
}

async function measureAll(
	of: MeasureOf,
	experiment: Experiment,
	host: ExperimentHost,
	{ signal, onProgress }: RunExperimentOptions,
): Promise<MetricResult[]> {
	const { data } = experiment;
	const rows = await rowsOf(experiment, host);
	// metrics are bound and interventions checked before the first run, so that a wrong one costs no time
	const measures: Measure[] = [];
	for (const [i, metric] of data.metrics.entries()) {
		signal?.throwIfAborted();
		measures.push(await measuring(of, metric, rows, `metrics[${i}]`));
	}
	const dictionaries = await readDictionaries(experiment, host.loadDictionary?.bind(host));
	for (const measure of measures) {
		editsOf(data.interventions, { ...measure.model.sizes, dictionaries });
		const unequal = unequalRows(data.interventions, measure);
		if (unequal) reject(experiment, ["interventions", unequal.at], unequal.what);
	}
	const donors = recordDonors(experiment, { dictionaries, readDonor: host.readDonor?.bind(host), signal });
	const results: MetricResult[] = [];
	for (const shared of byRows(measures)) {
		const together = shared.map((i) => measures[i] as Measure);
		const run = { ...(signal && { signal }) };
		const before = await readMetrics(together, run);
		const after =
			data.interventions.length === 0
				? before
				: await readMetrics(together, {
						...run,
						interventions: data.interventions,
						dictionaries,
						donors: await donors(together[0] as Measure),
					});
		for (const [k, i] of shared.entries()) {
			const { name: metric, doc, rows: count } = (measures[i] as Measure).metric;
			const change = compareRows(before[k] as Float64Array, after[k] as Float64Array, bootstrapOf(data));
			results[i] = { metric, doc, data: data.metrics[i] as string, rows: count, ...change };
			onProgress?.(Object.keys(results).length, measures.length);
		}
	}
	return results;
}

/** Metrics of the same rows, which share their runs and donors. */
function byRows(measures: readonly Measure[]): number[][] {
	const groups: number[][] = [];
	for (const [i, { input, mask }] of measures.entries()) {
		const group = groups.find(([first = 0]) => {
			const other = measures[first] as Measure;
			return sameRows(other.input, input) && sameRows(other.mask, mask);
		});
		if (group) group.push(i);
		else groups.push([i]);
	}
	return groups;
}

/** The rows of the file, as metrics take them. */
async function rowsOf(experiment: Experiment, host: ExperimentHost): Promise<MeasureOptions> {
	const { data } = experiment;
	const { prompts, ids, mask, period, bos, text, samples: { task, count, n, seed, range } = {} } = data;
	const all = { prompts, ids, mask, period, bos, task, samples: count, n, seed, range };
	const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
	return {
		...given,
		...(text !== undefined && {
			text: await readNamed(experiment, ["text"], text, host.readText?.bind(host)),
		}),
	} as MeasureOptions;
}

function bootstrapOf({ bootstrap }: ExperimentData): ExperimentResult["bootstrap"] {
	return { seed: bootstrap?.seed ?? 0, resamples: bootstrap?.resamples ?? 2000 };
}

function refOf({ model, run }: ExperimentData): string {
	return model ?? run ?? "";
}

/** The model or run that a file names. */
async function open(
	{ data, name }: Experiment,
	host: ExperimentHost,
): Promise<{ of: MeasureOf } & AsyncDisposable> {
	const { model, run } = data;
	if (model !== undefined) {
		const of = await host.loadModel(model);
		return { of, [Symbol.asyncDispose]: () => of.dispose() };
	}
	if (!host.openRun)
		throw new ExperimentError(`${name}: run "${run}": no runs can be opened here, only models`);
	const of = await host.openRun(run ?? "");
	return { of, [Symbol.asyncDispose]: async () => of[Symbol.asyncDispose]() };
}
