import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { reject } from "../train/errors.js";
import { openStorages, readEnvironment } from "../train/open-storages-node.js";
import { readSweep } from "../train/read-sweep-node.js";
import { getSweepConfigs } from "../train/select-runs.js";
import { parseRun, RUN_FILE } from "./describe-run.js";
import { Run, type RunDescription } from "./run.js";
import { oneCheckpoint, RunFolder, readRunBeside, readRunFile, runFolders } from "./run-folder-node.js";
import { type FindRunOptions, findRun } from "./run-node.js";
import { labelOf, SHIPPED_SWEEPS, shippedRuns, shippedStorage } from "./shipped-node.js";

export interface ResolveRunOptions extends FindRunOptions {
	/** A file with the run's settings, where they do not lie beside its checkpoints: `run.json`, or a report of the Python trainer. */
	readonly config?: string;
}

/**
 * Restores the run that a text stands for (Node); `@STEP` behind it names a checkpoint, by default the last:
 *
 * - a folder with checkpoints and `run.json`, or a folder above one, as `--out` of `headscope icl train` is
 * - a checkpoint, `.safetensors` or `.pt`, with its settings beside it as `run.json` or `config.json`
 * - a run's name, in either spelling, of the sweeps that come with the package or of the storages
 * - `M=64`: the run that comes with the package, by its number of tasks
 *
 * @throws {TrainError} for what is none of these
 */
export async function resolveRun(ref: string, options: ResolveRunOptions = {}): Promise<Run> {
	const { name, step } = await splitStep(ref);
	const at = step === undefined ? options : { ...options, step };
	const found = await stat(name).catch(() => undefined);
	if (found?.isDirectory()) return openFolder(name, at);
	if (found) return openFile(name, at);
	if (/\.(pt|safetensors)$/.test(name)) reject(name, "there is no such file");
	const { config } = options;
	if (config !== undefined)
		reject(name, "there is no such file or folder; only these take settings of a file");
	if (/^M=/i.test(name)) return findRun(await shipped(name), { ...at, storages: [shippedStorage] });
	return findRun(await named(name, options), at);
}

/** A text and the step behind its last "@"; a path that has one is a path. */
async function splitStep(ref: string): Promise<{ name: string; step?: number }> {
	const [, name, step] = /^(.+)@(\d{1,15})$/.exec(ref) ?? [];
	if (name === undefined || (await stat(ref).catch(() => undefined))) return { name: ref };
	return { name, step: Number(step) };
}

async function openFolder(path: string, options: ResolveRunOptions): Promise<Run> {
	const folders = await runFolders(path);
	const [folder, more] = folders;
	if (folder === undefined) {
		reject(path, "has no checkpoints: no <step>.safetensors, no <step>.pt, no runs below checkpoints/");
	}
	if (more !== undefined) reject(path, `holds ${folders.length} runs, give one of ${listed(folders)}`);
	return Run.open(await settingsOf(folder, folder, options), new RunFolder(folder), options);
}

async function openFile(path: string, options: ResolveRunOptions): Promise<Run> {
	const folder = dirname(resolve(path));
	const source = await oneCheckpoint(path);
	const [step] = await source.steps();
	const run = await settingsOf(path, folder, options);
	// a checkpoint in its run's folder has the others beside it
	const whole = options.config === undefined && Number.isFinite(step);
	return Run.open(
		run,
		whole ? new RunFolder(folder) : source,
		whole ? { ...options, step: step as number } : options,
	);
}

/** The settings of what lies at a path: of a file that was given, beside it, or by the folder's name. */
async function settingsOf(
	path: string,
	folder: string,
	{ config }: ResolveRunOptions,
): Promise<RunDescription> {
	if (config !== undefined) return readRunFile(config);
	const run = (await readRunBeside(folder)) ?? (await ofShippedSweeps(basename(resolve(folder))));
	return (
		run ??
		reject(path, `has no settings: there is no ${RUN_FILE} or config.json beside it, and none is given`)
	);
}

async function shipped(label: string): Promise<RunDescription> {
	const runs = await shippedRuns();
	const found = runs.find((run) => labelOf(run) === label.toUpperCase().replace("INF", "inf"));
	return (
		found ?? reject(label, `is no run that comes with this package; there are ${listed(runs.map(labelOf))}`)
	);
}

/** A run by its name. */
async function named(name: string, options: FindRunOptions): Promise<RunDescription> {
	const found = await ofShippedSweeps(name);
	if (found) return found;
	const environment = options.environment ?? (await readEnvironment());
	const storages =
		options.storages ?? (await openStorages({ checkpointer_config: { checkpoint_steps: [] } }, environment));
	for (const storage of storages) {
		const keys = await storage.list("checkpoints/icl/");
		for (const key of keys.filter((one) => one.endsWith(`/${RUN_FILE}`))) {
			const bytes = (await storage.get(key)) ?? new Uint8Array(0);
			const run = parseRun(new TextDecoder().decode(bytes), `${storage.name}/${key}`);
			if (hasName(run, name)) return run;
		}
	}
	const places = [...SHIPPED_SWEEPS, ...storages.map((storage) => storage.name)];
	return reject(
		name,
		`is no folder, no file and no name of a run in ${listed(places)}; shipped runs are ${listed((await shippedRuns()).map(labelOf))}`,
	);
}

async function ofShippedSweeps(name: string): Promise<RunDescription | undefined> {
	for (const file of SHIPPED_SWEEPS) {
		for (const run of getSweepConfigs(await readSweep(file))) if (hasName(run, name)) return run;
	}
	return undefined;
}

function hasName({ names }: RunDescription, name: string): boolean {
	return names.current === name || names.early === name;
}

function listed(items: readonly string[]): string {
	return items.length > 12 ? `${items.slice(0, 12).join(", ")}, ... (${items.length})` : items.join(", ");
}
