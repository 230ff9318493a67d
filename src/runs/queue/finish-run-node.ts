import { hostname } from "node:os";
import { runFolder } from "../../train/checkpoint-store.js";
import { RunLog } from "../../train/run-log.js";
import type { Storage } from "../../train/storage.js";
import { encodeResult, type RunResult, type RunToTrain, resultKey, resultSettings } from "../run-result.js";
import type { TrainedRun } from "./thread-messages.js";

/** What errors and results call this process: host and process. */
export const WORKER_NAME = `${hostname()}:${process.pid}`;

/**
 * Writes the result of a trained run to each storage that has none yet.
 * @returns the result, and whether the first storage took it: false where another start of the run was quicker
 */
export async function writeResult(
	{ name, projectDir, config }: RunToTrain,
	{ step, weights }: TrainedRun,
	storages: readonly Storage[],
	token: number | null,
): Promise<{ result: RunResult; written: boolean }> {
	const metrics = await lastMetrics(projectDir, storages);
	const result = {
		name,
		step,
		metrics,
		weights,
		token,
		worker: WORKER_NAME,
		settings: resultSettings(config),
	};
	const wrote: boolean[] = [];
	for (const storage of storages)
		wrote.push(await storage.putNew(resultKey(projectDir), encodeResult(result)));
	return { result, written: wrote[0] ?? false };
}

/** Writes the logs of all attempts of a run as the one that every reader looks for. */
export async function publishLogs({ projectDir, config }: RunToTrain, storage: Storage): Promise<void> {
	for (const name of ["loss", "metrics"]) {
		const log = await RunLog.open([storage], `${runFolder(projectDir)}/${name}`, config.num_steps);
		await log.flush();
	}
}

async function lastMetrics(
	projectDir: string,
	storages: readonly Storage[],
): Promise<Record<string, number | string>> {
	for (const storage of storages) {
		const bytes = await storage.get(`${runFolder(projectDir)}/metrics.jsonl`);
		const last = new TextDecoder()
			.decode(bytes ?? new Uint8Array())
			.trimEnd()
			.split("\n")
			.at(-1);
		if (last) return JSON.parse(last) as Record<string, number | string>;
	}
	return {};
}
