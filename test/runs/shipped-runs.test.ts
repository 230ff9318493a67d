/** The runs that come with the package can be made again: their losses from the first steps on, on any CPU. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { getUniqueConfig, trainRegression } from "../../src/train/index.js";
import { LocalStorage, readSweep } from "../../src/train/node.js";

const engine = await LocalEngine.create({ threads: 1 });
const root = mkdtempSync(join(tmpdir(), "headscope-shipped-"));
const sweep = await readSweep("demo-sweep.yaml");
afterAll(async () => {
	await engine.dispose();
	rmSync(root, { recursive: true });
});

/** The first logged loss is that of this step. */
const STEP = 100;

test.each([64, 65536])("M=%i", async (num_tasks) => {
	const { config, names } = getUniqueConfig(sweep, { task_config: { num_tasks } });
	const stop = new AbortController();
	let loss = Number.NaN;
	const training = trainRegression(
		// what is measured and saved changes no weight
		{
			...config,
			logger_config: { logging_steps: [] },
			checkpointer_config: { checkpoint_steps: [] },
		},
		{
			storages: [new LocalStorage(root)],
			projectDir: names.projectDir,
			engine,
			signal: stop.signal,
			onStep: (report) => {
				if (report.step !== STEP) return;
				loss = report.loss;
				stop.abort();
			},
		},
	);
	await expect(training).rejects.toThrow(/abort/);
	const csv = new URL(`../../assets/runs/checkpoints/${names.projectDir}/loss.csv`, import.meta.url);
	const [, row = ""] = readFileSync(csv, "utf8").split("\n");
	const [step, , shipped = Number.NaN] = row.split(",").map(Number);
	expect(step).toBe(STEP);
	// one batch's loss differs from another's by tenths, CPUs round by millionths
	expect(Math.abs(loss / shipped - 1)).toBeLessThan(1e-4);
});
