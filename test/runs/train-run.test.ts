/** Training with its settings beside the checkpoints, over storages that fail. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { describeRun } from "../../src/runs/describe-run.js";
import { resolveRun } from "../../src/runs/resolve-run-node.js";
import { trainRun } from "../../src/runs/train-run.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import type { Storage } from "../../src/train/index.js";
import { LocalStorage } from "../../src/train/node.js";

const engine = await LocalEngine.create({ threads: 1 });
const root = await mkdtemp(join(tmpdir(), "headscope-runs-"));
afterAll(async () => {
	await engine.dispose();
	await rm(root, { recursive: true });
});

const run = describeRun({
	task_config: { task_size: 2, max_examples: 3, num_tasks: 4, embed_size: 8, mlp_size: 8, num_layers: 1 },
	num_steps: 24,
	batch_size: 8,
	eval_batch_size: 16,
	checkpointer_config: { checkpoint_steps: [2, 9] },
	logger_config: { logging_steps: [0, 4, 11] },
});
const folder = (name: string): string => join(root, name, "checkpoints", run.names.projectDir);
const last = (name: string): Promise<Buffer> => readFile(join(folder(name), "23.safetensors"));

/** A folder whose writes fail: those for which `fails` gives an error, counted from 0. */
class Failing extends LocalStorage {
	puts = 0;
	constructor(
		name: string,
		private readonly fails: (put: number, key: string) => Error | undefined,
	) {
		super(join(root, name));
	}
	override async put(key: string, bytes: Uint8Array): Promise<void> {
		const error = this.fails(this.puts++, key);
		if (error) throw error;
		await super.put(key, bytes);
	}
}

const full = (): Error =>
	new Error("cannot be written", {
		cause: Object.assign(new Error("no space left on device"), { code: "ENOSPC" }),
	});
const train = (storages: readonly Storage[], options = {}) =>
	trainRun(run, { storages, engine, pauses: [1, 1], ...options });

await train([new LocalStorage(join(root, "whole"))]);

describe("trainRun", () => {
	it("leaves a folder that is all that restoring needs", async () => {
		await using restored = await resolveRun(folder("whole"), { engine });
		expect(restored.names).toEqual(run.names);
		expect(restored.config).toEqual(run.config);
		expect(await restored.steps()).toEqual([2, 9, 23]);
		await using early = await resolveRun(`${join(root, "whole")}@9`, { engine });
		expect(early.step).toBe(9);
	});

	it("outlives a storage that fails now and then, and ends with the same bits", async () => {
		const storage = new Failing("shaky", (put) => (put % 2 === 0 ? new Error("reset by peer") : undefined));
		await train([storage]);
		expect(await last("shaky")).toEqual(await last("whole"));
	});

	it("stops where a storage stays away; what was saved is whole, and the run goes on from there", async () => {
		const gone = new Failing("gone", (_, key) =>
			key.endsWith("/23.safetensors") ? new Error("no route") : undefined,
		);
		await expect(train([gone])).rejects.toThrow("no route (tried 3 times)");
		const steps: number[] = [];
		await train([new LocalStorage(join(root, "gone"))], {
			onStep: ({ step }: { step: number }) => steps.push(step),
		});
		expect(steps[0]).toBe(10);
		expect(await last("gone")).toEqual(await last("whole"));
	});

	it("does not wait for a full disk", async () => {
		const storage = new Failing("full", (_, key) => (key.endsWith("/9.safetensors") ? full() : undefined));
		await expect(train([storage], { pauses: [1e9] })).rejects.toThrow("no space left on device");
		await using restored = await resolveRun(folder("full"), { engine });
		expect(restored.step).toBe(2);
	});

	it("does not go on from weights alone, which can be restored", async () => {
		const storage = new LocalStorage(join(root, "bare"));
		await using restored = await resolveRun(folder("whole"), { engine });
		const { writeSafetensors } = await import("../../src/weights/index.js");
		const bytes = writeSafetensors(await restored.model.stateDict(), {
			format: "headscope-training",
			step: "23",
			settings: settingsOf(await last("whole")),
		});
		await storage.put(`checkpoints/${run.names.projectDir}/23.safetensors`, bytes);
		const longer = describeRun({ ...run.given, checkpointer_config: { checkpoint_steps: [1] } });
		await expect(trainRun(longer, { storages: [storage], engine })).rejects.toThrow(
			"23.safetensors: holds weights without the optimizer's state: it can be restored, but not gone on from",
		);
		await using bare = await resolveRun(join(root, "bare"), { engine });
		expect(bare.step).toBe(23);
	});
});

function settingsOf(bytes: Uint8Array): string {
	const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
	const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as {
		__metadata__: { settings: string };
	};
	return header.__metadata__.settings;
}
