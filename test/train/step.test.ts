/** Loss, gradients and updates of the training step against the original's numbers. */
import { afterAll, describe, expect, it } from "vitest";
import { grad } from "../../src/graph/grad.js";
import { graphOf } from "../../src/graph/graph.js";
import { simplify } from "../../src/graph/simplify.js";
import type { Value } from "../../src/graph/value.js";
import {
	parameters,
	parametersOf,
	regressionConfig,
	regressionLoss,
} from "../../src/models/regression/index.js";
import { compile } from "../../src/onnx/compile.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Tensor } from "../../src/tensor/index.js";
import { regressionObjective } from "../../src/train/objectives/index.js";
import { OPTIMIZERS } from "../../src/train/optimizers/index.js";
import { Trainer } from "../../src/train/trainer.js";
import { expectClose, type SmallConfig } from "../icl/support.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const adam = OPTIMIZERS.find(({ name }) => name === "Adam") as (typeof OPTIMIZERS)[number];
const settings = { betas: [0.9, 0.999], weight_decay: 0 } as const;

/** The largest magnitude in tensors. */
function largest(tensors: Iterable<Tensor>): number {
	let most = 0;
	for (const { data } of tensors) for (const v of data) most = Math.max(most, Math.abs(Number(v)));
	return most;
}

interface Reference extends SmallConfig {
	readonly adam_steps: {
		readonly steps: readonly { readonly lr_used: number; readonly loss_before: number }[];
	};
}

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const read = (file: string) => referenceTensors("icl", "small", folder, file);
	const { task_config, adam_steps } = referenceJson<Reference>("icl", "small", folder, "config.json");
	const config = regressionConfig(task_config);
	const inputs = await read("inputs.safetensors");
	const outputs = await read("outputs.safetensors");
	const weights = parametersOf(config, await read("weights.safetensors"));

	/** Loss and gradients for a batch. */
	const gradients = async (xs: Tensor, ys: Tensor, at: typeof weights): Promise<Map<string, Tensor>> => {
		const [batch, examples] = xs.shape as [number, number];
		const graph = simplify(graphOf({ loss: regressionLoss(config, batch, examples) }));
		const loss = graph.outputs.get("loss") as Value;
		const wrt = graph.inputs.filter((v) => v.node.attributes.role === "weight");
		const named = grad(loss, wrt).map((v, i) => [wrt[i]?.node.attributes.name as string, v] as const);
		const program = compile(graphOf(new Map([["loss", loss], ...named])));
		return engine.run({ program, weights: await engine.putWeights(at), feeds: { xs, ys } });
	};

	it.each([
		["grad", "xs", "ys"],
		["grad_step1", "step1_xs", "step1_ys"],
	])("has the original's %s", async (prefix, xs, ys) => {
		const got = await gradients(inputs.get(xs) as Tensor, inputs.get(ys) as Tensor, weights);
		if (prefix === "grad") expectClose(got.get("loss")?.reshape([1]), outputs.get("loss"), 1e-5);
		for (const { name } of parameters(config)) {
			const wanted = outputs.get(`${prefix}.${name}`) as Tensor;
			expectClose(got.get(name), wanted, 1e-5 * largest([wanted]));
		}
	});

	it("updates as the original does", async () => {
		const trainer = await Trainer.create({
			objective: regressionObjective,
			config,
			batch: 16,
			length: config.maxExamples,
			optimizer: adam,
			settings,
			weights,
			engine,
		});
		// Adam's first steps are about lr * sign(g): where g is near 0, rounding decides its sign
		const steady = new Map(
			parameters(config).map(({ name, shape }) => [name, new Uint8Array(Tensor.zeros(shape).size).fill(1)]),
		);
		let compared = 0;
		for (const [i, { lr_used, loss_before }] of adam_steps.steps.entries()) {
			const xs = inputs.get(`step${i + 1}_xs`) as Tensor;
			const ys = inputs.get(`step${i + 1}_ys`) as Tensor;
			const grads = await gradients(xs, ys, await trainer.weights());
			grads.delete("loss");
			const loss = await trainer.step({ xs, ys }, i, lr_used);
			expect(Math.abs(loss - loss_before), `loss of step ${i + 1}`).toBeLessThanOrEqual(1e-5);
			const least = 1e-6 * largest(grads.values());
			for (const [name, { data }] of grads) {
				const marks = steady.get(name) as Uint8Array;
				for (let k = 0; k < marks.length; k++) if (Math.abs(Number(data[k])) < least) marks[k] = 0;
			}
			const after = await trainer.weights();
			for (const { name } of parameters(config)) {
				const wanted = outputs.get(`step${i + 1}.${name}`);
				if (!wanted) continue;
				const got = after.get(name) as Tensor;
				for (const [k, mark] of (steady.get(name) as Uint8Array).entries()) {
					if (!mark) continue;
					compared++;
					const off = Math.abs(Number(got.data[k]) - Number(wanted.data[k]));
					if (off > 1e-6) expect.fail(`step ${i + 1}, ${name}[${k}]: off by ${off}`);
				}
			}
		}
		const count = [...weights.values()].reduce((sum, { size }) => sum + size, 0);
		// three of the five steps have references, and nearly every entry is steady
		expect(compared).toBeGreaterThan(2.7 * count);
	});
});
