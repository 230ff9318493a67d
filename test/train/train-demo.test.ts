/** The example that made the embedded models, for some steps. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { checkpointSteps } from "../../src/models/checkpoint-steps-node.js";
import { loadModel } from "../../src/models/load-model.js";
import { difference } from "../../src/tensor/index.js";

const { argv } = process;
let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "headscope-demo-"));
});
afterEach(async () => {
	process.argv = argv;
	vi.restoreAllMocks();
	await rm(folder, { recursive: true });
});

test.each([
	["demo", 1, 40],
	["demo-llama", 0, 60],
])("examples/train-demo.ts makes %s again from seed %i, up to step %i", async (name, seed, last) => {
	const said: string[] = [];
	vi.spyOn(console, "log").mockImplementation((line: string) => void said.push(line));
	process.argv = ["node", "train-demo.js", name, String(seed), folder, "--steps", String(last + 1)];
	vi.resetModules();
	await import("../../examples/train-demo.js");

	expect(said).toEqual([
		expect.stringMatching(/^step 0: loss 4\.8\d\d$/),
		expect.stringMatching(/^induction: head [01]\.[0-3] scores 0\.\d{3}$/),
		expect.stringMatching(/^induction-repeat: head/),
		expect.stringMatching(/^previous-token: head/),
	]);
	expect(await checkpointSteps(folder)).toEqual([0, 20, 40, 60].filter((step) => step <= last));
	await using model = await loadModel(folder);
	const row = [3, 4, 5, 6, 7, 3, 4, 5];
	const made = await model.run([row]);
	await using shipped = await loadModel(`${name}@${last}`);
	await using initial = await loadModel(`${name}@0`);
	// by what the models say: Adam moves a weight that has hardly a gradient by the last bits of its noise
	expect(difference(made, await shipped.run([row])).maxAbs).toBeLessThan(0.01);
	expect(difference(made, await initial.run([row])).maxAbs).toBeGreaterThan(0.1);
});
