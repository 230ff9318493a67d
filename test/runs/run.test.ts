/** Runs restored from their checkpoints. */
import { describe, expect, it } from "vitest";
import { TorchRandom } from "../../src/random/index.js";
import { getUniqueRun } from "../../src/runs/run-node.js";

const offline = { environment: {} };

describe("getUniqueRun", () => {
	it("restores a shipped run at its last checkpoint and at others", async () => {
		await using run = await getUniqueRun("demo-sweep.yaml", { task_config: { num_tasks: 64 } }, offline);
		const steps = await run.steps();
		expect(run.step).toBe(steps.at(-1));
		expect(run.pretrainDist.prior.tasks?.shape).toEqual([64, 4]);
		const { xs, ys } = run.pretrainDist.getBatch(8, 16, new TorchRandom(5));
		const last = await run.model.predict(xs, ys);
		await using early = await run.at(steps[0] as number);
		expect((await early.model.predict(xs, ys)).data).not.toEqual(last.data);
		expect(await early.evaluator()).toBe(await run.evaluator());
	});

	it("names the nearest shipped run where there is no checkpoint", async () => {
		await expect(
			getUniqueRun(
				"small-sweep.yaml",
				{ task_config: { num_tasks: 256, num_layers: 2 }, optimizer_config: { lr: 0.003 } },
				offline,
			),
		).rejects.toThrow(
			"nearest shipped run: M=64 (num_tasks 64 instead of 256, lr 0.001 instead of 0.003, num_steps 50000 instead of 500000)",
		);
	});
});
