import { Random } from "../tensor/index.js";
import { reject } from "./errors.js";
import { float, merge, type PythonDict, type PythonValue } from "./python-json.js";
import { type RunConfig, resolveConfig } from "./run-config.js";
import { type RunNames, runNames } from "./run-name.js";

/** Where a random sweep draws a number from; both ends are possible. */
export interface Distribution {
	readonly kind: "int_uniform" | "uniform" | "log_uniform_values";
	readonly min: number;
	readonly max: number;
}

/** A setting and what the sweep tries for it. */
export interface SweepParameter {
	/** Keys from the outside in: `["task_config", "num_tasks"]`. */
	readonly path: readonly string[];
	readonly choices?: readonly PythonValue[];
	/** Of the choices, in a random sweep; all equal by default. */
	readonly probabilities?: readonly number[];
	readonly distribution?: Distribution;
}

/** A sweep file: which runs there are, in which order. */
export interface Sweep {
	/** What errors call it. */
	readonly name: string;
	readonly method: "grid" | "random";
	/** In the order of the file. */
	readonly parameters: readonly SweepParameter[];
	/** Most runs; a random sweep has this many. */
	readonly runCap?: number;
}

/** One run of a sweep. */
export interface SweepRun {
	/** Its place in the sweep, from 0. */
	readonly index: number;
	/** What the sweep sets, before defaults. */
	readonly given: PythonDict;
	readonly config: RunConfig;
	readonly names: RunNames;
}

export interface SweepOptions {
	/** Settings for what the sweep does not set; the sweep's own come first. */
	readonly base?: PythonDict;
	/** Of a random sweep, default 0: the same seed gives the same runs. */
	readonly seed?: number;
	/** Runs of a random sweep; default its `run_cap`. */
	readonly count?: number;
}

/** Most runs of a sweep. */
export const MAX_RUNS = 100_000;

/** Number of runs. */
export function sweepSize(sweep: Sweep, options: SweepOptions = {}): number {
	if (sweep.method === "random") {
		const count = options.count ?? sweep.runCap;
		if (count === undefined) reject(sweep.name, "a random sweep needs run_cap, or a number of runs");
		if (!(Number.isInteger(count) && count >= 0 && count <= MAX_RUNS)) {
			reject(sweep.name, `${count} runs, allowed whole numbers up to ${MAX_RUNS}`);
		}
		return count;
	}
	const size = sweep.parameters.reduce((product, { choices }) => product * (choices?.length ?? 1), 1);
	if (size > MAX_RUNS) reject(sweep.name, `the grid has ${size} runs, allowed up to ${MAX_RUNS}`);
	return Math.min(size, sweep.runCap ?? size);
}

/**
 * The settings of each run. A grid is the product of all choices with the last parameter of the file
 * moving fastest; a random sweep draws each setting of each run from one seeded stream.
 */
export function* sweepSettings(sweep: Sweep, options: SweepOptions = {}): Generator<PythonDict> {
	const size = sweepSize(sweep, options);
	const random = new Random(options.seed ?? 0);
	for (let index = 0; index < size; index++) {
		const chosen = sweep.method === "grid" ? gridPoint(sweep, index) : randomPoint(sweep, random);
		const leaves = sweep.parameters.map(({ path }, i) => nest(path, chosen[i] ?? null));
		yield leaves.reduce(merge, options.base ?? {});
	}
}

/** A run from its settings. */
export function sweepRun(sweep: Sweep, index: number, given: PythonDict): SweepRun {
	return {
		index,
		given,
		config: resolveConfig(given, `${sweep.name}, run ${index}`),
		names: runNames(given),
	};
}

/** A dictionary with one setting, at its path. */
function nest(path: readonly string[], value: PythonValue): PythonDict {
	return path.reduceRight<PythonValue>((inner, key) => ({ [key]: inner }), value) as PythonDict;
}

function gridPoint({ parameters }: Sweep, index: number): PythonValue[] {
	let rest = index;
	return parameters
		.toReversed()
		.map(({ choices = [null] }) => {
			const at = rest % choices.length;
			rest = Math.floor(rest / choices.length);
			return choices[at] as PythonValue;
		})
		.reverse();
}

function randomPoint({ parameters }: Sweep, random: Random): PythonValue[] {
	return parameters.map(({ choices, probabilities, distribution }) => {
		if (distribution) return draw(distribution, random);
		const all = choices ?? [null];
		if (!probabilities) return all[random.integer(0, all.length)] as PythonValue;
		let rest = random.uniform();
		const at = probabilities.findIndex((p) => {
			rest -= p;
			return rest < 0;
		});
		// rounding may leave a trace of the sum
		return all[at < 0 ? all.length - 1 : at] as PythonValue;
	});
}

function draw({ kind, min, max }: Distribution, random: Random): PythonValue {
	if (kind === "int_uniform") return random.integer(min, max + 1);
	const share = random.uniform();
	if (kind === "uniform") return float(min + (max - min) * share);
	return float(Math.min(max, Math.max(min, min * (max / min) ** share)));
}
