import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Tensor } from "../../tensor/index.js";
import { checkpointKey } from "../../train/checkpoint-store.js";
import { LocalStorage } from "../../train/local-storage-node.js";
import { RunLog } from "../../train/run-log.js";
import { writeSafetensors } from "../../weights/index.js";
import { describeRun } from "../describe-run.js";
import { runProgress } from "../run-progress.js";
import { runToTrain } from "../run-result.js";
import { keepSettings } from "../run-settings.js";
import { writeResult } from "./finish-run-node.js";

const folder = mkdtempSync(join(tmpdir(), "headscope-results-"));
afterAll(() => rmSync(folder, { recursive: true }));
const trained = { step: 49, weights: "0".repeat(64) };

/** Two runs of one name: the batch's size is in none. */
const run = (batch: number): ReturnType<typeof describeRun> & { index: number } => ({
	...describeRun({ task_config: { num_tasks: 4 }, num_steps: 50, batch_size: batch }),
	index: 0,
});

test("a result of other settings is no result of this run", async () => {
	const storage = new LocalStorage(join(folder, "settings"));
	await writeResult(runToTrain(run(8)), trained, [storage], null);
	expect(run(16).names).toEqual(run(8).names);
	expect(await runProgress(run(8), [storage])).toMatchObject({ state: "finished", step: 49 });
	await expect(runProgress(run(16), [storage])).rejects.toThrow(
		/result\.json: is of other settings: batch_size 8 instead of 16$/,
	);
});

test("a run that was trained on its own is none of other settings either, by its last checkpoint", async () => {
	const storage = new LocalStorage(join(folder, "alone"));
	const { config, names } = run(8);
	const { task_config, optimizer_config, scheduler_config, num_steps, batch_size } = config;
	const settings = { task_config, optimizer_config, scheduler_config, num_steps, batch_size };
	const save = (step: number): Promise<void> =>
		storage.put(
			checkpointKey(names.projectDir, step),
			writeSafetensors(new Map([["w", Tensor.zeros([1])]]), { settings: JSON.stringify(settings) }),
		);
	await save(48);
	// what is not at its end is looked at where it goes on
	expect(await runProgress(run(16), [storage])).toMatchObject({ state: "begun", step: 48 });
	await save(49);
	expect(await runProgress(run(8), [storage])).toMatchObject({ state: "finished", result: undefined });
	await expect(runProgress(run(16), [storage])).rejects.toThrow(
		/49\.safetensors: was made with other settings: batch_size 8 instead of 16$/,
	);
});

test("settings are kept beside the checkpoints as they were given", async () => {
	const storage = new LocalStorage(join(folder, "kept"));
	await keepSettings(run(8), [storage]);
	const bytes = await storage.get(`checkpoints/${run(8).names.projectDir}/run.json`);
	expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(run(8).given);
});

test("a run that moved between machines keeps the rows of both", async () => {
	const [here, there] = ["here", "there"].map((name) => new LocalStorage(join(folder, name)));
	if (!here || !there) throw new Error("no storages");
	const write = async (storages: LocalStorage[], ...steps: number[]): Promise<void> => {
		const log = await RunLog.open(storages, "log", -1);
		for (const step of steps) log.add({ step, loss: step });
		await log.flush();
	};
	await write([here], 0, 10);
	await write([there], 0, 10, 20, 30, 40);
	const log = await RunLog.open([here, there], "log", 30);
	await log.flush();
	const rows = new TextDecoder().decode(await here.get("log.jsonl"));
	expect(rows.match(/"step":\d+/g)).toEqual([0, 10, 20, 30].map((step) => `"step":${step}`));
});
