import { reject } from "../train/errors.js";
import { isDict, merge, type PythonDict, type PythonValue, pythonJson } from "../train/python-json.js";
import { getConfig, getSweepConfigs } from "../train/select-runs.js";
import { type Sweep, type SweepRun, sweepRun } from "../train/sweep.js";
import { parseWhere } from "./where.js";

export interface SweepRunsOptions {
	/** Filters as they are typed, see {@link parseWhere}; they see what runs leave to the defaults too. */
	readonly where?: string | undefined;
	/** Updates of each run, in place of what the sweep says; such runs have names of their own. */
	readonly steps?: number | undefined;
	/** Of a random sweep, default 0: another seed gives other runs. */
	readonly seed?: number | undefined;
}

/**
 * The runs of a sweep that have the settings, in its order.
 * @throws {TrainError} where none has, or where two would be kept in one folder
 */
export function sweepRuns(sweep: Sweep, { where = "", steps, seed }: SweepRunsOptions = {}): SweepRun[] {
	if (seed !== undefined && sweep.method !== "random") {
		reject("--seed", `${seed}, allowed with random sweeps; ${sweep.name} is a ${sweep.method}`);
	}
	const filters = parseWhere(where, sweep);
	const options = { defaults: true, ...(seed !== undefined && { seed }) };
	const found = [...getSweepConfigs(sweep, filters, options)];
	// says what there is
	if (found.length === 0) getConfig(sweep, filters, options);
	const runs =
		steps === undefined
			? found
			: found.map(({ index, given }) => sweepRun(sweep, index, merge(given, { num_steps: steps })));
	const byFolder = new Map<string, SweepRun>();
	for (const run of runs) {
		const other = byFolder.get(run.names.projectDir);
		if (other) {
			reject(
				sweep.name,
				`runs ${other.index} and ${run.index} would both be kept in ${run.names.projectDir}; runs need different names`,
			);
		}
		byFolder.set(run.names.projectDir, run);
	}
	return runs;
}

/** The settings in which runs of the sweep differ, as text: `{ num_tasks: "64", lr: "0.001" }`. */
export function varyingSettings(sweep: Sweep, { given }: SweepRun): Record<string, string> {
	const varying = sweep.parameters.filter(
		({ choices, distribution }) => distribution || (choices?.length ?? 0) > 1,
	);
	const keys = varying.map(({ path }) => path.at(-1) ?? "");
	return Object.fromEntries(
		varying.map(({ path }, i) => {
			const key = keys[i] as string;
			const unique = keys.filter((other) => other === key).length === 1;
			return [unique ? key : path.join("."), textOf(valueAt(given, path))];
		}),
	);
}

function valueAt(given: PythonDict, path: readonly string[]): PythonValue {
	return path.reduce<PythonValue>((at, key) => (isDict(at) ? (at[key] ?? null) : null), given);
}

function textOf(value: PythonValue): string {
	if (value === Number.POSITIVE_INFINITY) return "inf";
	return typeof value === "string" ? value : pythonJson(value);
}
