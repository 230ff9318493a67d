/**
 * Every model family of the registry, on small models with random weights: what `headscope verify` holds of every correct
 * model, runs in chunks, and files that are read back.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { difference, loadModel, type Model, writeSafetensors } from "../../src/index.js";
import { FAMILIES } from "../../src/models/registry.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { CHECKS, verifyModel } from "../../src/verify/index.js";
import { makeModel, type RandomModel, randomModelsOf } from "../random-models.js";

const engine = await LocalEngine.create({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), "headscope-families-"));
afterAll(async () => {
	await engine.dispose();
	rmSync(folder, { recursive: true });
});

const ROWS = [
	[5, 9, 21, 5, 9, 14, 7, 11],
	[3, 3, 11, 19, 2, 5, 2, 8],
];

/** Models of a family, with room behind the rows that are looked at. */
function modelsOf(family: string): readonly RandomModel[] {
	const context = /^(max_position_embeddings|n_positions|n_ctx)$/;
	return fc.sample(randomModelsOf([family]), { numRuns: 3, seed: 5 }).map(({ config, ...shape }) => ({
		...shape,
		config: Object.fromEntries(
			Object.entries(config).map(([key, value]) => [key, context.test(key) ? 40 : value]),
		),
	}));
}

async function expectSame(model: Model, other: Model): Promise<void> {
	expect((await other.run(ROWS)).data).toEqual((await model.run(ROWS)).data);
}

describe.each(FAMILIES.map((family) => [family.name, family] as const))("%s", (name, family) => {
	test("names itself as the registry does", async () => {
		expect((await family.load()).name).toBe(name);
	});

	test.each(modelsOf(name))("holds what every correct model holds, with seed $seed", async (shape) => {
		await using model = await makeModel(shape, engine);
		const { findings } = await verifyModel(model);
		expect(findings.filter(({ status }) => status === "failed" || status === "not judged")).toEqual([]);
		const passed = findings.flatMap(({ check, status }) => (status === "passed" ? [check] : []));
		const rotates = model.hookPoints().some((point) => point.name.endsWith("hook_rot_q"));
		const texts = ["reference", "text", "text-positions", ...(rotates ? [] : ["rotation"])];
		expect(passed).toEqual(CHECKS.flatMap((check) => (texts.includes(check.name) ? [] : [check.name])));
	});

	test("is the same in chunks", async () => {
		const [shape] = modelsOf(name) as [RandomModel];
		await using model = await makeModel(shape, engine);
		const { maxAbs, scale } = difference(await model.run(ROWS, { chunk: 3 }), await model.run(ROWS));
		expect(maxAbs).toBeLessThanOrEqual(5e-5 * Math.max(1, scale / 10));
	});

	test("is found by its architecture, in files with the names of its weights", async () => {
		const [shape] = modelsOf(name) as [RandomModel];
		await using model = await makeModel(shape, engine);
		const tensors = new Map<string, Awaited<ReturnType<Model["weight"]>>>();
		for (const { name } of model.family.weights(model.config)) tensors.set(name, await model.weight(name));
		writeFileSync(join(folder, "model.safetensors"), writeSafetensors(tensors));
		for (const architecture of family.architectures) {
			const config = JSON.stringify({ ...shape.config, architectures: [architecture] });
			writeFileSync(join(folder, "config.json"), config);
			await using loaded = await loadModel(folder, { engine });
			expect(loaded.family.name).toBe(name);
			await expectSame(model, loaded);
		}
	});
});
