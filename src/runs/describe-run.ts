import { reject } from "../train/errors.js";
import { parsePythonJson } from "../train/parse-python-json.js";
import { isDict, type PythonDict, pythonJson } from "../train/python-json.js";
import { RunConfig, resolveConfig } from "../train/run-config.js";
import { runNames } from "../train/run-name.js";
import type { RunDescription } from "./run.js";

/** Beside a run's checkpoints: its settings as they were given. */
export const RUN_FILE = "run.json";

/** What reports of a trained model hold beside its settings; nothing of it changes the model. */
const REPORTED: ReadonlySet<string> = new Set([
	...["noise_std", "run_name", "project_dir", "state_dict", "parameter_order", "parameter_count"],
	...["cache_order", "cache_none", "adam_steps", "short_run_steps", "short_run_first_losses", "seeds"],
]);

/**
 * A run from its settings.
 * @param given what is set, before defaults
 * @param where what errors call it
 * @throws {TrainError} for settings that are unknown or wrong
 */
export function describeRun(given: PythonDict, where?: string): RunDescription {
	return { given, config: resolveConfig(given, where), names: runNames(given) };
}

/** The text of a run's `run.json`. */
export function encodeRun({ given }: Pick<RunDescription, "given">): Uint8Array {
	return new TextEncoder().encode(`${pythonJson(given)}\n`);
}

/**
 * A run from its `run.json`, or from the report of a training run in Python: there the optimizer stands under
 * `optimizer`, the schedule under `scheduler`, and the number of steps is the schedule's.
 * @throws {TrainError} for settings that are unknown or wrong
 */
export function parseRun(text: string, where: string): RunDescription {
	const { optimizer, scheduler, ...rest } = parsePythonJson(text, where);
	if (!isDict(rest.task_config)) reject(where, 'has no settings of a run: "task_config" is no object');
	const known = Object.keys(RunConfig.shape);
	const unknown = Object.keys(rest).filter((key) => !known.includes(key) && !REPORTED.has(key));
	if (unknown.length > 0) {
		reject(where, `unknown key ${unknown.join(", ")}; allowed are ${known.join(", ")}`);
	}
	const steps = isDict(scheduler) ? scheduler.total_steps : undefined;
	const given = Object.fromEntries(Object.entries(rest).filter(([key]) => known.includes(key)));
	return describeRun(
		{
			...(optimizer === undefined ? {} : { optimizer_config: optimizer }),
			...(steps === undefined ? {} : { num_steps: steps }),
			...given,
		},
		where,
	);
}
