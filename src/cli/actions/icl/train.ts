import { describeRun } from "../../../runs/describe-run.js";
import { openStorage } from "../../../runs/open-storage-node.js";
import type { RunDescription } from "../../../runs/run.js";
import { trainRun } from "../../../runs/train-run.js";
import { parseWhere } from "../../../runs/where.js";
import { CheckpointStore, runFolder } from "../../../train/checkpoint-store.js";
import { openStorages, readEnvironment } from "../../../train/open-storages-node.js";
import { merge, type PythonDict, type PythonValue } from "../../../train/python-json.js";
import { readSweep } from "../../../train/read-sweep-node.js";
import { getUniqueConfig } from "../../../train/select-runs.js";
import type { Storage } from "../../../train/storage.js";
import type { Cli } from "../../cli.js";
import { SETTINGS, type TrainOptions } from "../../commands/icl/train.js";
import { UsageError } from "../../errors.js";
import { prepareFolder } from "../../output/output.js";
import { duration } from "../../output/progress.js";

/** What `headscope icl train --json` prints. */
export interface TrainResult {
	readonly run: string;
	/** Where checkpoints, losses and metrics are. */
	readonly folder: string;
	/** The last step, from 0. */
	readonly step: number;
	/** Of the last batch; null where nothing was left to do. */
	readonly loss: number | null;
	/** Of the last logging step; null where nothing was left to do. */
	readonly metrics: Readonly<Record<string, number>> | null;
	readonly seconds: number;
}

/** Where checkpoints go when nothing says otherwise. */
const DEFAULT_PLACE = "runs";
/** How long saving may take after Ctrl-C, in milliseconds: a measurement may be under way. */
const STOP_WITHIN = 120_000;

export async function train(cli: Cli, options: TrainOptions): Promise<void> {
	const run = await chosenRun(options);
	if (options.out !== undefined && !options.out.includes("://")) await prepareFolder(options.out);
	const storages = await openPlaces(run, options.out);
	const { projectDir } = run.names;
	const folder = `${storages[0]?.name}/${runFolder(projectDir)}`;
	const last = (await new CheckpointStore(storages, projectDir).steps()).at(-1);
	if (last !== undefined && !options.resume) {
		throw new UsageError(
			`${folder}: has checkpoints up to step ${last}; --resume goes on from there, --out names another folder`,
		);
	}
	let [done, loss]: [number, number | null] = [last ?? -1, null];
	let metrics: TrainResult["metrics"] = null;
	const progress = cli.progress.onTraining(`Training M=${run.config.task_config.num_tasks}`);
	const started = performance.now();
	cli.io.tidyFor?.(STOP_WITHIN);
	try {
		const { step } = await trainRun(run, {
			storages,
			signal: cli.signal,
			...(options.threads !== undefined && { engineOptions: { threads: options.threads } }),
			onStep: (report) => {
				[done, loss] = [report.step, report.loss];
				progress(report.step + 1, run.config.num_steps, report.loss);
			},
			onMetrics: (_, measured) => {
				metrics = measured;
			},
		});
		const seconds = (performance.now() - started) / 1000;
		await cli.result(
			(): TrainResult => ({ run: run.names.current, folder, step, loss, metrics, seconds }),
			() =>
				[...summary(run, step, metrics, seconds), `checkpoints, losses and metrics: ${folder}`].join("\n"),
		);
	} finally {
		if (cli.signal.aborted && done >= 0) {
			cli.note(
				`stopped after step ${done}, which is saved in ${folder}; the same command with --resume goes on`,
			);
		}
	}
}

/** The run that the options mean. @throws {UsageError} for settings that are wrong, and where several or none match */
async function chosenRun(options: TrainOptions): Promise<RunDescription> {
	const flags = SETTINGS.filter(({ key }) => options[camelCase(key)] !== undefined);
	const { sweep: file, where, steps } = options;
	try {
		const count: PythonDict = steps === undefined ? {} : { num_steps: steps };
		if (file === undefined) {
			if (where !== undefined) throw new UsageError("--where goes with --sweep");
			const given = flags.map(({ key, path }) => nest([...path, key], options[camelCase(key)] as number));
			return describeRun([...given, count].reduce(merge, {}), "settings");
		}
		const [flag] = flags;
		if (flag) {
			throw new UsageError(
				`--${flag.key.replaceAll("_", "-")}: a sweep has its own settings; choose one with --where`,
			);
		}
		const sweep = await readSweep(file);
		const { given } = getUniqueConfig(sweep, parseWhere(where ?? "", sweep), { defaults: true });
		return describeRun(merge(given, count), file);
	} catch (error) {
		if (error instanceof Error && error.name === "TrainError")
			throw new UsageError(error.message, { cause: error });
		throw error;
	}
}

/** `--out`, else what the run or the environment names, else a folder here. */
async function openPlaces(run: RunDescription, out: string | undefined): Promise<readonly Storage[]> {
	const environment = await readEnvironment();
	if (out !== undefined) return [await openStorage(out, environment)];
	const named = await openStorages(run.config, environment);
	return named.length > 0 ? named : [await openStorage(DEFAULT_PLACE, environment)];
}

function summary(
	run: RunDescription,
	step: number,
	metrics: TrainResult["metrics"],
	seconds: number,
): string[] {
	if (!metrics) return [`${run.names.current} was trained to its last step, ${step}, before`];
	const shown = ["pretrain/mse", "pretrain/delta_dmmse", "true/mse", "true/delta_ridge"];
	return [
		`${run.names.current}: step ${step} after ${duration(seconds)}`,
		...shown.map((key) => `${key} ${metrics[key]?.toPrecision(4)}`),
	];
}

function nest(path: readonly string[], value: PythonValue): PythonDict {
	return path.reduceRight<PythonValue>((inner, key) => ({ [key]: inner }), value) as PythonDict;
}

/** A setting as commander names its option. */
function camelCase(key: string): string {
	return key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
