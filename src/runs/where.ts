import { parse } from "yaml";
import { nearest } from "../hooks/select.js";
import { reject } from "../train/errors.js";
import { isDict, merge, type PythonDict, type PythonValue } from "../train/python-json.js";
import { withDefaults } from "../train/run-config.js";
import type { Filters } from "../train/select-runs.js";
import { type Sweep, sweepSettings } from "../train/sweep.js";

/**
 * Reads filters as they are typed: `num_tasks=64,lr=0.001`. A setting is named by its key, or by as much of
 * its path as tells it from others (`scheduler_config.lr`); values are YAML scalars.
 * @throws {TrainError} for what is no setting, and for a key that several have
 */
export function parseWhere(text: string, sweep: Sweep): Filters {
	const set = sweep.parameters.map(({ path }) => path.join("."));
	const all = settingPaths(sweep);
	return text
		.split(",")
		.map((part) => part.trim())
		.filter((part) => part !== "")
		.map((part): PythonDict => {
			const [, key, value] = /^([\w.]+)\s*=\s*(.+)$/.exec(part) ?? [];
			if (key === undefined || value === undefined) {
				return reject("--where", `"${part}", allowed: setting=value, several joined by ","`);
			}
			return nest(resolve(key, set, all), scalar(value, part));
		})
		.reduce(merge, {});
}

/** Every setting that a run of the sweep has, by itself or by default. */
function settingPaths(sweep: Sweep): string[] {
	const runs = [{}, ...sweepSettings(sweep)];
	return [...new Set(runs.flatMap((given) => leaves(withDefaults(given))))];
}

function leaves(settings: PythonDict, prefix = ""): string[] {
	return Object.entries(settings).flatMap(([key, value]) =>
		isDict(value) ? leaves(value, `${prefix}${key}.`) : [prefix + key],
	);
}

function resolve(key: string, set: readonly string[], all: readonly string[]): string {
	if (all.includes(key)) return key;
	// what the sweep sets comes before what has a default of the same name
	for (const paths of [set, all]) {
		const found = paths.filter((path) => path.endsWith(`.${key}`));
		const [only] = found;
		if (only !== undefined && found.length === 1) return only;
		if (found.length > 1) reject("--where", `"${key}" may be ${found.join(" or ")}; write more of it`);
	}
	const names = all.map((path) => path.split(".").at(-1) ?? path);
	return reject("--where", `there is no setting "${key}"; nearest are ${nearest(key, names, 3).join(", ")}`);
}

function scalar(text: string, part: string): PythonValue {
	const value: unknown = parse(text);
	if (["string", "number", "boolean"].includes(typeof value) || value === null) return value as PythonValue;
	return reject("--where", `"${part}": the value is no number, word, true, false or null`);
}

function nest(path: string, value: PythonValue): PythonDict {
	return path.split(".").reduceRight<PythonValue>((inner, key) => ({ [key]: inner }), value) as PythonDict;
}
