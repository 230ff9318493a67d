import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	batchFigures,
	compareAttention,
	compose,
	optionallyRotate,
	plotActivations,
	queriesTimesKeys,
	separateAttention,
} from "../../src/mechinterp/index.js";
import { Random, Tensor } from "../../src/tensor/index.js";

const texts = (svg: string): string[] =>
	[...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text as string);

describe("separateAttention", () => {
	const extent = fc.integer({ min: 1, max: 4 });

	test("puts every number where its head and kind are", () => {
		fc.assert(
			fc.property(extent, extent, extent, extent, (batch, pos, heads, dHead) => {
				const width = 3 * heads * dHead;
				const qkv = new Tensor(
					"float32",
					[batch, pos, width],
					Float32Array.from({ length: batch * pos * width }, (_, i) => i),
				);
				const separated = separateAttention(qkv, { numHeads: heads });
				for (const [third, kind] of (["q", "k", "v"] as const).entries()) {
					const part = separated[kind];
					expect(part.shape).toEqual([batch, heads, pos, dHead]);
					for (let h = 0; h < heads; h++) {
						for (let d = 0; d < dHead; d++) {
							const wanted = qkv.at(batch - 1, pos - 1, h * 3 * dHead + third * dHead + d);
							expect(part.at(batch - 1, h, pos - 1, d)).toBe(wanted);
						}
					}
				}
			}),
			{ numRuns: 30 },
		);
	});

	test("refuses heads that do not divide the width, and other ranks", () => {
		expect(() => separateAttention(Tensor.zeros([1, 2, 12]), { numHeads: 3 })).toThrow(
			"separateAttention: shape [1, 2, 12], allowed [batch, pos, 3 * 3 heads * d_head]",
		);
		expect(() => separateAttention(Tensor.zeros([2, 12]), { numHeads: 2 })).toThrow("shape [2, 12]");
	});

	test("queries times keys are sums of products, one head at a time", () => {
		const random = new Random(1);
		const draw = (): Tensor<"float32"> =>
			new Tensor(
				"float32",
				[2, 3, 4, 5],
				Float32Array.from({ length: 120 }, () => random.normal()),
			);
		const [q, k, v] = [draw(), draw(), draw()];
		const qk = queriesTimesKeys({ q, k, v });
		expect(qk.shape).toEqual([2, 3, 4, 4]);
		for (const [b, h, i, j] of [
			[0, 0, 0, 0],
			[1, 2, 3, 1],
			[1, 0, 2, 3],
		] as const) {
			const sum = [0, 1, 2, 3, 4].reduce((total, d) => total + q.at(b, h, i, d) * k.at(b, h, j, d), 0);
			expect(qk.at(b, h, i, j)).toBeCloseTo(sum, 5);
		}
	});
});

describe("optionallyRotate", () => {
	test("lays down what is higher than wide and says so", () => {
		const high = Tensor.from([[1], [2]]);
		expect(optionallyRotate(high, "y")).toMatchObject({ name: "y.T", transposed: true });
		expect(optionallyRotate(high, "y").matrix.toNested()).toEqual([[1, 2]]);
		const square = Tensor.zeros([2, 2]);
		expect(optionallyRotate(square, "x")).toEqual({ matrix: square, name: "x", transposed: false });
		expect(() => optionallyRotate(Tensor.zeros([2, 2, 2]), "x")).toThrow(
			'optionallyRotate: "x" has shape [2, 2, 2], allowed two dimensions',
		);
	});
});

describe("compose", () => {
	test("applies the last function first and waits for promises", async () => {
		const half = async (n: number): Promise<number> => n / 2;
		const add = (a: number, b: number): number => a + b;
		expect(await compose(String, half, add)(3, 4)).toBe("3.5");
		expect(await compose(add)(3, 4)).toBe(7);
	});

	test("a rejection goes through", async () => {
		const fail = async (): Promise<number> => {
			throw new Error("no");
		};
		await expect(compose(String, fail)()).rejects.toThrow("no");
	});
});

describe("figures", () => {
	const uniform = (batch: number, heads: number): Tensor => Tensor.full([batch, heads, 4, 4], 0.25);

	test("plotActivations makes a figure for each sample, with tokens x0, y0, x1, ...", () => {
		const drawn = plotActivations([uniform(3, 1), uniform(3, 1)], { title: "M = 1" });
		expect(drawn).toHaveLength(3);
		expect(texts(drawn[2] as string)).toEqual(
			expect.arrayContaining(["M = 1, sample 2", "Layer 1, Head 0", "Queries", "Keys", "x0", "y1"]),
		);
		expect(texts(plotActivations([uniform(1, 2)])[0] as string)).toContain("Attention");
		expect(() => plotActivations([])).toThrow("plotActivations: patterns none");
		expect(() => plotActivations([uniform(1, 1), uniform(2, 1)])).toThrow(
			/allowed \[batch, head, query, key\]/,
		);
	});

	test("compareAttention has a row for each run", () => {
		const run = (name: string, samples: number) => ({
			name,
			batches: [
				{ name: "own batch", patterns: [uniform(1, 2)] },
				{ name: "trick", patterns: [uniform(samples, 2)] },
			],
		});
		const drawn = compareAttention([run("M = 1", 2), run("M = 64", 2)]);
		expect(texts(drawn).filter((text) => text.startsWith("M = "))).toEqual([
			"M = 1, own batch",
			"M = 1, trick, sample 0",
			"M = 1, trick, sample 1",
			"M = 64, own batch",
			"M = 64, trick, sample 0",
			"M = 64, trick, sample 1",
		]);
		expect(() => compareAttention([run("M = 1", 2), run("M = 64", 1)])).toThrow(
			"compareAttention: 3, 2 samples of the runs, allowed as many of each",
		);
	});

	test("batchFigures lays inputs down and shows all targets in one matrix", () => {
		const { xs, ys } = batchFigures(Tensor.full([2, 3, 2], 1), Tensor.zeros([2, 3, 1]), "trick");
		expect(texts(xs)).toEqual(expect.arrayContaining(["x_trick.T", "sample 0", "sample 1", "coordinate"]));
		expect(texts(ys)).toEqual(expect.arrayContaining(["y_trick", "sample", "example"]));
		expect(() => batchFigures(Tensor.zeros([2, 3, 2]), Tensor.zeros([2, 2, 1]), "trick")).toThrow(
			"batchFigures: xs [2, 3, 2] and ys [2, 2, 1]",
		);
	});
});
