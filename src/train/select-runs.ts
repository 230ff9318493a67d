import { nearest } from "../hooks/select.js";
import { reject } from "./errors.js";
import { isDict, type PythonDict, type PythonValue, plain, pythonJson } from "./python-json.js";
import { withDefaults } from "./run-config.js";
import { type Sweep, type SweepOptions, type SweepRun, sweepRun, sweepSettings } from "./sweep.js";

export interface SelectOptions extends SweepOptions {
	/**
	 * Whether filters see the defaults too. By default they see what the sweep sets alone, as in the
	 * Python trainer, where a filter on anything else matches nothing.
	 */
	readonly defaults?: boolean;
}

/** Settings that a run must have, nested like its configuration: `{ task_config: { num_tasks: 64 } }`. */
export type Filters = PythonDict;

interface Candidate {
	readonly index: number;
	readonly given: PythonDict;
	/** What filters are compared with, by path. */
	readonly settings: ReadonlyMap<string, string>;
}

/** The runs of a sweep that have all of the settings, in the order of the sweep. */
export function* getSweepConfigs(
	sweep: Sweep,
	filters: Filters = {},
	options: SelectOptions = {},
): Generator<SweepRun> {
	const wanted = leaves(filters);
	for (const candidate of candidates(sweep, options)) {
		if (matches(candidate, wanted)) yield sweepRun(sweep, candidate.index, candidate.given);
	}
}

/**
 * The first run that has all of the settings.
 * @throws {TrainError} where none has; says which setting no run has and what there is
 */
export function getConfig(sweep: Sweep, filters: Filters = {}, options: SelectOptions = {}): SweepRun {
	const [first] = getSweepConfigs(sweep, filters, options);
	return first ?? noMatch(sweep, filters, options);
}

/**
 * The one run that has all of the settings.
 * @throws {TrainError} where none has, or more than one; says in which settings those differ
 */
export function getUniqueConfig(sweep: Sweep, filters: Filters = {}, options: SelectOptions = {}): SweepRun {
	const wanted = leaves(filters);
	const found = [...candidates(sweep, options)].filter((candidate) => matches(candidate, wanted));
	const [first, second] = found;
	if (!first) return noMatch(sweep, filters, options);
	if (second) {
		const differing = [...valuesOf(found)].filter(([, values]) => values.size > 1).map(describeValues);
		reject(
			sweep.name,
			`${found.length} runs match ${describe(wanted)}, allowed is one; they differ in ${differing.join("; ")}`,
		);
	}
	return sweepRun(sweep, first.index, first.given);
}

function noMatch(sweep: Sweep, filters: Filters, options: SelectOptions): never {
	const all = [...candidates(sweep, options)];
	const values = valuesOf(all);
	for (const [path, value] of leaves(filters)) {
		const there = values.get(path);
		if (!there) {
			const near = nearest(path, [...values.keys()], 3)
				.join(", ")
				.replaceAll("/", ".");
			const hint = options.defaults
				? ""
				: "; settings that the sweep leaves to the defaults are not compared";
			reject(sweep.name, `no run sets ${path.replaceAll("/", ".")}; nearest are ${near}${hint}`);
		}
		if (!there.has(value)) {
			reject(
				sweep.name,
				`no run has ${describe([[path, value]])}; there is ${describeValues([path, there])}`,
			);
		}
	}
	return reject(
		sweep.name,
		`no run has ${describe(leaves(filters))} together; each alone is in some of the ${all.length} runs`,
	);
}

function* candidates(sweep: Sweep, options: SelectOptions): Generator<Candidate> {
	let index = 0;
	for (const given of sweepSettings(sweep, options)) {
		const settings = new Map(leaves(options.defaults ? withDefaults(given) : given));
		yield { index: index++, given, settings };
	}
}

function matches({ settings }: Candidate, wanted: readonly [string, string][]): boolean {
	return wanted.every(([path, value]) => settings.get(path) === value);
}

/** Settings by path, keys joined with "/", and their values as text: 1 and 1.0 are the same, "inf" and .inf too. */
function leaves(settings: PythonDict, prefix = ""): [string, string][] {
	return Object.entries(settings).flatMap(([key, value]) =>
		isDict(value) ? leaves(value, `${prefix}${key}/`) : [[prefix + key, textOf(value)] as [string, string]],
	);
}

function textOf(value: PythonValue): string {
	return pythonJson(value === "inf" ? Number.POSITIVE_INFINITY : (plain(value) as PythonValue));
}

/** Every value of each setting. */
function valuesOf(all: readonly Candidate[]): Map<string, Set<string>> {
	const values = new Map<string, Set<string>>();
	for (const [path, value] of all.flatMap(({ settings }) => [...settings])) {
		const known = values.get(path);
		if (known) known.add(value);
		else values.set(path, new Set([value]));
	}
	return values;
}

function describe(wanted: readonly [string, string][]): string {
	const parts = wanted.map(([path, value]) => `${path.replaceAll("/", ".")} = ${value}`);
	return parts.length > 0 ? parts.join(", ") : "no filter";
}

function describeValues([path, values]: [string, ReadonlySet<string>]): string {
	const shown = [...values].slice(0, 12).join(", ");
	return `${path.replaceAll("/", ".")} ${shown}${values.size > 12 ? `, ... (${values.size})` : ""}`;
}
