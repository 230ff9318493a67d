/** What is compiled for WebGPU, run on the processor's kernels: every family gives what it gives there anyway. */
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { difference, KeyValueCache, type Model, type RunOptions, type Tensor } from "../../src/index.js";
import { FAMILIES } from "../../src/models/registry.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { likeWebGpu } from "../like-webgpu.js";
import { makeModel, type RandomModel, randomModelsOf } from "../random-models.js";

const engine = await LocalEngine.create({ threads: 1 });
const gpu = likeWebGpu(engine);
afterAll(() => engine.dispose());

const IDS = [
	[1, 2, 3, 1, 2],
	[7, 5, 3, 5, 7],
];
const shapes = FAMILIES.map((family): RandomModel => {
	const [shape] = fc.sample(randomModelsOf([family.name]), { numRuns: 1, seed: 3 });
	return shape as RandomModel;
});

const RUNS: Readonly<Record<string, RunOptions>> = {
	plain: {},
	ablated: { interventions: [{ kind: "zero", heads: ["0.0"] }] },
	"scored positions": { logitsAt: [[4], [2]] },
	"the first layer": { stopAtLayer: 1 },
	padded: {
		mask: [
			[0, 1, 1, 1, 1],
			[1, 1, 1, 1, 1],
		],
	},
};

/** The last two positions, run on the keys and values of those before. */
async function afterPast(model: Model): Promise<Tensor> {
	const names = KeyValueCache.names(model);
	const { cache } = await model.runWithCache(
		IDS.map((row) => row.slice(0, 3)),
		{ names },
	);
	const past = KeyValueCache.of(model, cache);
	return model.run(
		IDS.map((row) => row.slice(3)),
		{ past },
	);
}

test.each(shapes)("$family", async (shape) => {
	await using model = await makeModel(shape, engine);
	await using other = await makeModel(shape, gpu);
	const expectAlike = (got: Tensor, wanted: Tensor, what: string): void => {
		const { maxAbs, scale } = difference(got, wanted);
		expect(maxAbs, what).toBeLessThan(5e-5 * Math.max(1, scale));
	};
	for (const [what, options] of Object.entries(RUNS))
		expectAlike(await other.run(IDS, options), await model.run(IDS, options), what);
	expectAlike(await afterPast(other), await afterPast(model), "after a past");
});
