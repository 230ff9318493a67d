import { readFile } from "node:fs/promises";
import { createEngine, type Engine } from "headscope";
import { checkpointSteps, resolveRun } from "headscope/node";
import {
	type CheckpointHost,
	type Phase,
	SHIPPED_RUNS,
	type ShippedRun,
	shippedRun,
} from "../service/checkpoint-host.js";

/** Models of the package with their checkpoints. */
const EMBEDDED = ["demo", "demo-llama"];

/** Trainings on this machine. All their checkpoints share one engine. */
export interface NodeCheckpoints extends CheckpointHost {
	/** Started when first asked for. */
	engine(): Promise<Engine>;
}

/** The package's runs, and the checkpoints of any model's folder. */
export function nodeCheckpoints(): NodeCheckpoints {
	let started: Promise<Engine> | undefined;
	const engine = (): Promise<Engine> => {
		started ??= createEngine();
		return started;
	};
	return {
		runs: SHIPPED_RUNS,
		engine,
		async openRun(label) {
			const { phase, metrics } = shippedRun(await readAsset<ShippedRun[]>("runs/runs.json"), label);
			return { run: await resolveRun(label, { engine: await engine() }), phase, metrics };
		},
		async steps(base) {
			if (EMBEDDED.includes(base)) {
				const phase = await readAsset<Phase>(`${base}/phase.json`);
				return { steps: phase.steps, phase };
			}
			// a hub id has no folder, and most folders have no checkpoints
			return { steps: await checkpointSteps(base).catch(() => []) };
		},
		async dispose() {
			await (await started)?.dispose();
		},
	};
}

async function readAsset<T>(name: string): Promise<T> {
	return JSON.parse(await readFile(new URL(`../../../assets/${name}`, import.meta.url), "utf8")) as T;
}
