import type { Engine } from "headscope";
import { describeRun, restoreRun } from "headscope/icl";
import { checkpointKey, type PythonDict } from "headscope/train";
import { type ShippedRun, shippedRun, type TrainedRun } from "./checkpoint-host.js";
import { fetchJson } from "./fetch-json.js";
import { FetchStorage } from "./fetch-storage.js";

/** Opens a run whose checkpoints lie beside the page, in `runs/`. */
export async function openPageRun(label: string, base: string, engine: Engine): Promise<TrainedRun> {
	const listed = await fetchJson<ShippedRun[]>(`${base}runs/runs.json`);
	const { settings, phase, metrics } = shippedRun(listed, label);
	const description = describeRun(settings as PythonDict, label);
	const keys = phase.steps.map((step) => checkpointKey(description.names.projectDir, step));
	const storage = new FetchStorage(`${base}runs`, keys);
	return { run: await restoreRun(description, { storages: [storage], engine }), phase, metrics };
}
