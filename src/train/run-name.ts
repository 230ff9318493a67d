import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { isDict, type PythonDict, type PythonValue, pythonJson } from "./python-json.js";
import { numTrainingSamples, type RunConfig, withDefaults } from "./run-config.js";

/** The two spellings of a run's name: of the trainer's state in autumn 2023, and since. */
export interface RunNames {
	/** `ntasks-<M>-task-<hash>-opt-<hash>-sched-<hash>` */
	readonly early: string;
	/** `M-<M>-seed-<model seed>-task-<hash>-opt-<hash>-sched-<hash>` */
	readonly current: string;
	/** Folder of its checkpoints, from the current name: `icl/<name>`. */
	readonly projectDir: string;
}

/**
 * The names that the Python trainer gives a run. The task's hash covers the keys that were given, not
 * the defaults: spelling out a default changes the name. Batch size, number of evaluation sequences
 * and step lists are in no hash. Where no `model_seed` is given, the name has the default's.
 *
 * @param given the settings as they were given, before defaults
 */
export function runNames(given: PythonDict): RunNames {
	const merged = withDefaults(given);
	const task = merged.task_config as PythonDict;
	const givenTask = isDict(given.task_config) ? given.task_config : {};
	const tasks = pythonText(task.num_tasks);
	const rest = `opt-${hash(merged.optimizer_config)}-sched-${hash(merged.scheduler_config)}`;
	const early = `ntasks-${tasks}-task-${hash(givenTask)}-${rest}`;
	const current = `M-${tasks}-seed-${pythonText(task.model_seed)}-task-${hash(withoutNewDefaults(givenTask))}-${rest}`;
	const folder = (merged.checkpointer_config as PythonDict).project_dir;
	const extra = given.extra === undefined ? "" : `-${given.extra}`;
	return {
		early: early + extra,
		current: current + extra,
		projectDir: typeof folder === "string" ? folder : `icl/${current}`,
	};
}

/** Settings that came later do not change a name where they ask for what was always done. */
function withoutNewDefaults({ layer_norm, include_output, ...rest }: PythonDict): PythonDict {
	return {
		...rest,
		...(layer_norm === undefined || layer_norm === true ? {} : { layer_norm }),
		...(include_output === undefined || include_output === false ? {} : { include_output }),
	};
}

/** A setting as Python's `str` puts it into a name. */
function pythonText(value: PythonValue | undefined): string {
	if (value === null || value === undefined) return "None";
	if (value === Number.POSITIVE_INFINITY) return "inf";
	return typeof value === "string" ? value : pythonJson(value);
}

/** First six hex digits of the SHA-256 of the settings as Python prints them. */
export function hash(settings: PythonValue | undefined): string {
	return bytesToHex(sha256(new TextEncoder().encode(pythonJson(settings ?? null)))).slice(0, 6);
}

/** One line with every setting that matters: `L2-H4-M1-K8-D4-err0.125-...`. */
export function slug(config: RunConfig): string {
	const t = config.task_config;
	const seeds = [t.model_seed, t.pretrain_seed, t.true_seed, t.sampling_seed].map(pythonText);
	return [
		`L${t.num_layers}-H${t.num_heads}-M${pythonText(t.num_tasks)}`,
		`K${t.max_examples}-D${t.task_size}-err${pythonJson(t.noise_variance)}`,
		`dmlp${t.mlp_size}-dembed${t.embed_size}-seeds${seeds.join("-")}`,
		`n${numTrainingSamples(config)}-lr${pythonJson(config.optimizer_config.lr)}`,
		`B${config.batch_size}-T${config.num_steps}`,
	].join("-");
}
