/** The training loop: equal to the original where that is known, repeatable, and safe to kill anywhere. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { resolveConfig, type StepReport, trainRegression } from "../../src/train/index.js";
import { LocalStorage } from "../../src/train/node.js";
import { readSafetensors } from "../../src/weights/index.js";
import { referenceFolders, referenceJson } from "../reference-data.js";
import { buildSources } from "../runtime/built.js";

const engine = await LocalEngine.create({ threads: 1 });
const root = await mkdtemp(join(tmpdir(), "headscope-train-"));
afterAll(async () => {
	await engine.dispose();
	await rm(root, { recursive: true });
});

const small = {
	task_config: {
		task_size: 2,
		max_examples: 3,
		num_tasks: 4,
		embed_size: 8,
		mlp_size: 8,
		num_heads: 2,
		num_layers: 2,
	},
	num_steps: 24,
	batch_size: 8,
	eval_batch_size: 16,
	checkpointer_config: { checkpoint_steps: [2, 9] },
	logger_config: { logging_steps: [0, 4, 11] },
};

/** A run in a folder of its own: where it lies, and how to start it. */
function place(name: string) {
	const storages = [new LocalStorage(join(root, name))];
	const file = (at: string): Promise<Buffer> => readFile(join(root, name, "checkpoints/run", at));
	const train = (given = small, options: object = {}) =>
		trainRegression(resolveConfig(given), { storages, projectDir: "run", engine, lossEvery: 5, ...options });
	return { storages, file, train };
}

const whole = place("whole");
await whole.train();

/** Fails unless a run ended with the files of one that was never stopped, bit for bit. */
async function expectWhole(run: ReturnType<typeof place>): Promise<void> {
	for (const name of ["23.safetensors", "loss.jsonl", "loss.csv", "metrics.jsonl", "metrics.csv"]) {
		expect(await run.file(name), name).toEqual(await whole.file(name));
	}
}

describe("trainRegression", () => {
	it.each(referenceFolders("icl", "small"))("has the original's first losses: %s", async (folder) => {
		const reference = referenceJson<{
			task_config: Record<string, number | boolean>;
			short_run_first_losses: number[];
		}>("icl", "small", folder, "config.json");
		const losses: number[] = [];
		const stop = new AbortController();
		const stopped = place(folder).train(
			{ ...small, task_config: reference.task_config, num_steps: 600, batch_size: 256 } as never,
			{
				signal: stop.signal,
				onStep: ({ step, loss }: StepReport) => {
					losses.push(loss);
					if (step === 4) stop.abort(new Error("enough"));
				},
			},
		);
		await expect(stopped).rejects.toThrow("enough");
		for (const [i, wanted] of reference.short_run_first_losses.entries()) {
			expect(Math.abs((losses[i] as number) - wanted), `step ${i}`).toBeLessThanOrEqual(1e-5);
		}
	});

	it("writes checkpoints, losses and metrics at their steps, and the last step always", async () => {
		expect(await whole.storages[0]?.list("checkpoints/run/")).toEqual(
			["2", "23", "9"]
				.map((s) => `checkpoints/run/${s}.safetensors`)
				.concat(
					["loss.csv", "loss.jsonl", "metrics.csv", "metrics.jsonl"].map((f) => `checkpoints/run/${f}`),
				),
		);
		const rows = String(await whole.file("metrics.jsonl"))
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect(rows.map((row) => row.step)).toEqual([0, 4, 11, 23]);
		expect(Object.keys(rows[0])).toContain("pretrain/token/2");
		const csv = String(await whole.file("loss.csv"))
			.trim()
			.split("\n");
		expect(csv[0]).toBe("step,lr,loss");
		expect(csv.slice(1).map((line) => Number(line.split(",")[0]))).toEqual([5, 10, 15, 20]);
		const { metadata } = await readSafetensors(await whole.file("9.safetensors"));
		expect(metadata.step).toBe("9");
	});

	it.each([0, 1, 4, 9, 15, 22])("ends with the same bits when stopped after step %i", async (at) => {
		const run = place(`stopped-${at}`);
		const stop = new AbortController();
		const first = run.train(small, {
			signal: stop.signal,
			onStep: ({ step }: StepReport) => step === at && stop.abort(new Error("stop")),
		});
		await expect(first).rejects.toThrow("stop");
		expect((await run.train()).step).toBe(23);
		await expectWhole(run);
	});

	it.each([0, 5, 11, 20])("ends with the same bits when it fails after step %i", async (at) => {
		const run = place(`failed-${at}`);
		const fail = ({ step }: StepReport): void => {
			if (step === at) throw new Error("gone");
		};
		await expect(run.train(small, { onStep: fail })).rejects.toThrow("gone");
		const steps: number[] = [];
		await run.train(small, { onStep: ({ step }: StepReport) => steps.push(step) });
		// what was saved is not done again
		expect(steps[0]).toBe(at < 2 ? 0 : at < 9 ? 3 : 10);
		await expectWhole(run);
	});

	it("ends with the same bits when its process is killed", async () => {
		const built = await buildSources("killed-run", [
			"src/train/{index,node}.ts",
			"src/runtime/engine-worker.ts",
		]);
		const start = (killAt: number | undefined): Promise<string | null> => {
			const script = fileURLToPath(new URL("killed-run.mjs", import.meta.url));
			const child = spawn(
				process.execPath,
				[script, built.href, join(root, "killed"), JSON.stringify(small)],
				{
					stdio: ["ignore", "pipe", "inherit"],
				},
			);
			createInterface(child.stdout).on("line", (line) => Number(line) === killAt && child.kill("SIGKILL"));
			return new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)));
		};
		for (const at of [3, 12, 18]) expect(await start(at)).toBe("SIGKILL");
		expect(await start(undefined)).toBeNull();
		for (const name of ["23.safetensors", "metrics.jsonl"]) {
			expect(await place("killed").file(name), name).toEqual(await whole.file(name));
		}
	});

	it("does nothing where there is nothing left to do", async () => {
		const steps: number[] = [];
		const { step, weights } = await whole.train(small, { onStep: () => steps.push(0) });
		expect([step, steps]).toEqual([23, []]);
		const { tensors } = await readSafetensors(await whole.file("23.safetensors"));
		for (const [name, tensor] of weights) expect(tensor.data).toEqual(tensors.get(name)?.data);
	});

	it.each(["AdamW", "SGD"])("learns with %s", async (optimizer_type) => {
		const losses: number[] = [];
		await place(optimizer_type).train(
			{
				...small,
				// one task: what there is to learn is large against the noise between batches
				task_config: { ...small.task_config, num_tasks: 1, noise_variance: 0.01 },
				num_steps: 200,
				optimizer_config: { optimizer_type, lr: optimizer_type === "SGD" ? 0.05 : 0.01, momentum: 0.9 },
				scheduler_config: { scheduler_type: "constant" },
			} as never,
			{ onStep: ({ loss }: StepReport) => losses.push(loss) },
		);
		const mean = (from: number): number => losses.slice(from, from + 20).reduce((a, b) => a + b) / 20;
		expect(mean(180)).toBeLessThan(0.5 * mean(0));
	});

	it("stops at a loss that is no number, and keeps the last good checkpoint", async () => {
		const run = place("nan");
		const wild = { ...small, optimizer_config: { optimizer_type: "SGD", lr: 1e20 } };
		await expect(run.train(wild as never)).rejects.toThrow(
			/^run: the loss is (NaN|Infinity) at step [1-9]\d*; (the last good checkpoint is step \d+|there is no checkpoint yet)$/,
		);
	});

	it("refuses what it cannot go on from", async () => {
		await expect(whole.train(small, { resume: false })).rejects.toThrow(
			"run: has checkpoints up to step 23; resume it, or choose another folder",
		);
		await expect(whole.train({ ...small, batch_size: 9 })).rejects.toThrow(/was made with other settings/);
		const broken = place("broken");
		const bytes = await whole.file("9.safetensors");
		await broken.storages[0]?.put("checkpoints/run/9.safetensors", bytes.subarray(0, bytes.length - 4));
		await expect(broken.train()).rejects.toThrow(/9\.safetensors: is no checkpoint/);
		const unseeded = { ...small, task_config: { ...small.task_config, true_seed: null } };
		await expect(place("unseeded").train(unseeded as never)).rejects.toThrow(
			"task_config.true_seed: null, allowed whole numbers from 0",
		);
	});
});
