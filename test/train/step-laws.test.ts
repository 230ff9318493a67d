/** What the training graphs must satisfy without references: on the host, in double precision. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/graph/evaluate.js";
import { graphOf } from "../../src/graph/graph.js";
import * as ops from "../../src/graph/ops/index.js";
import { simplify } from "../../src/graph/simplify.js";
import {
	initialWeights,
	regression,
	regressionConfig,
	regressionLoss,
} from "../../src/models/regression/index.js";
import { traceModel } from "../../src/models/trace-model.js";
import { TorchRandom } from "../../src/random/index.js";
import { decodePredictions, encodeTokens } from "../../src/tasks/regression/index.js";
import { Tensor } from "../../src/tensor/index.js";
import { OPTIMIZERS, type OptimizerSettings } from "../../src/train/optimizers/index.js";
import { compileStep } from "../../src/train/step.js";

describe("the training loss", () => {
	it("is the mean squared error of the model's predictions, with every option and norms of any gain", () => {
		const sizes = fc.record({
			task_size: fc.integer({ min: 1, max: 3 }),
			max_examples: fc.integer({ min: 1, max: 4 }),
			embed_size: fc.constantFrom(4, 8),
			mlp_size: fc.integer({ min: 1, max: 6 }),
			num_heads: fc.constantFrom(1, 2),
			num_layers: fc.integer({ min: 1, max: 3 }),
			layer_norm: fc.boolean(),
			include_output: fc.boolean(),
		});
		const law = fc.property(sizes, fc.integer({ min: 1, max: 3 }), fc.nat(1000), (task, batch, seed) => {
			const config = regressionConfig(task);
			const random = new TorchRandom(seed);
			const draw = (...shape: number[]): Tensor<"float32"> =>
				new Tensor("float32", shape, random.normal(shape.reduce((a, b) => a * b)));
			// starting weights, but norms and biases that do something
			const weights = new Map<string, Tensor>(initialWeights(config, seed));
			for (const [name, { shape }] of weights) if (shape.length === 1) weights.set(name, draw(...shape));
			const examples = 1 + (seed % task.max_examples);
			const [xs, ys] = [draw(batch, examples, task.task_size), draw(batch, examples, 1)];
			const read = Object.fromEntries(weights);
			const loss = evaluate(
				simplify(graphOf({ loss: regressionLoss(config, batch, examples) })),
				{ xs, ys, ...read },
				"float64",
			).get("loss") as Tensor;
			const { output } = traceModel(regression, config, { padded: false, batch, pos: 2 * examples });
			const positions = Int32Array.from({ length: 2 * examples }, (_, i) => i);
			const feeds = {
				tokens: encodeTokens(xs, ys),
				positions: new Tensor("int32", [positions.length], positions),
			};
			const full = evaluate(simplify(graphOf({ output })), { ...feeds, ...read }, "float64").get(
				"output",
			) as Tensor;
			const predicted = decodePredictions(full).ys;
			let total = 0;
			for (let i = 0; i < ys.size; i++)
				total += ((predicted.data[i] as number) - (ys.data[i] as number)) ** 2;
			const wanted = total / ys.size;
			expect(Math.abs(loss.item() - wanted)).toBeLessThanOrEqual(1e-5 * (1 + wanted));
		});
		fc.assert(law, { numRuns: 60 });
	});
});

describe.each(OPTIMIZERS)("$name", (optimizer) => {
	it("does what its formula says, update after update", () => {
		const settings: OptimizerSettings = { betas: [0.8, 0.95], weight_decay: 0.1, momentum: 0.7 };
		const lr = 0.05;
		const size = 5;
		const random = new TorchRandom(1);
		let p = Array.from(random.normal(size));
		const [plain, m, v] = [[...p], Array<number>(size).fill(0), Array<number>(size).fill(0)];
		let state = Object.fromEntries(optimizer.state.map((name) => [name, Array<number>(size).fill(0)]));
		for (let t = 1; t <= 4; t++) {
			const gradient = Array.from(random.normal(size));
			const scalars = optimizer.scalars(settings, t, lr);
			const named = (names: readonly string[], shape: number[]) =>
				Object.fromEntries(names.map((name) => [name, ops.input(name, "float32", shape)]));
			const next = optimizer.update(
				ops,
				settings,
				{
					p: ops.input("p", "float32", [size]),
					grad: ops.input("g", "float32", [size]),
					state: named(optimizer.state, [size]),
				},
				named(Object.keys(scalars), []),
			);
			const double = (values: readonly number[], shape = [size]): Tensor =>
				new Tensor("float64", shape, Float64Array.from(values));
			const feeds = {
				p: double(p),
				g: double(gradient),
				...Object.fromEntries(Object.entries(state).map(([name, values]) => [name, double(values)])),
				...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, double([value], [])])),
			};
			const graph = graphOf({ p: next.p, ...next.state });
			const needed = graph.inputs.map((x) => x.node.attributes.name as keyof typeof feeds);
			const got = evaluate(
				graph,
				Object.fromEntries(needed.map((name) => [name, feeds[name] as Tensor])),
				"float64",
			);
			p = Array.from((got.get("p") as Tensor<"float64">).data);
			state = Object.fromEntries(
				optimizer.state.map((name) => [name, Array.from((got.get(name) as Tensor<"float64">).data)]),
			);
			for (let i = 0; i < size; i++) {
				plain[i] = update(
					optimizer.name,
					settings,
					lr,
					t,
					plain[i] as number,
					gradient[i] as number,
					m,
					v,
					i,
				);
				expect(Math.abs((p[i] as number) - (plain[i] as number))).toBeLessThan(1e-7);
			}
		}
	});
});

/** One entry's update, from the papers' and torch's formulas. */
function update(
	name: string,
	{ betas: [b1, b2], weight_decay: decay, momentum = 0 }: OptimizerSettings,
	lr: number,
	t: number,
	start: number,
	gradient: number,
	m: number[],
	v: number[],
	i: number,
): number {
	const p = name === "AdamW" ? start - lr * decay * start : start;
	const g = name === "AdamW" ? gradient : gradient + decay * start;
	if (name === "SGD") {
		m[i] = momentum * (m[i] as number) + g;
		return p - lr * m[i];
	}
	m[i] = b1 * (m[i] as number) + (1 - b1) * g;
	v[i] = b2 * (v[i] as number) + (1 - b2) * g * g;
	return p - (lr * (m[i] / (1 - b1 ** t))) / (Math.sqrt(v[i] / (1 - b2 ** t)) + 1e-8);
}

describe("compileStep", () => {
	it("refuses a loss that reads what is no parameter", () => {
		const loss = ops.sum(ops.weight("w", [2]), [0], { keepDims: false });
		const [optimizer] = OPTIMIZERS as [(typeof OPTIMIZERS)[number]];
		const settings = { betas: [0.9, 0.999], weight_decay: 0 } as const;
		expect(() => compileStep({ loss, parameters: [], optimizer, settings })).toThrow(
			'training step: weight "w" is no parameter',
		);
	});
});
