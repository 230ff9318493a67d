/** Figures of the reference runs' activations: what is drawn is what the original computed, under the right names. */
import { decode } from "fast-png";
import { afterAll, describe, expect, test } from "vitest";
import {
	activationFigures,
	getAndPlotActivations,
	getAttention,
	queriesTimesKeys,
	separateAttention,
} from "../../src/mechinterp/index.js";
import { cachedPaths, RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Tensor } from "../../src/tensor/index.js";
import { expectClose, type SmallConfig } from "../icl/support.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const texts = (svg: string): string[] =>
	[...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text as string);

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const { task_config } = referenceJson<SmallConfig>("icl", "small", folder, "config.json");
	const config = regressionConfig(task_config);
	const inputs = await referenceTensors("icl", "small", folder, "inputs.safetensors");
	const outputs = await referenceTensors("icl", "small", folder, "outputs.safetensors");
	const weights = await referenceTensors("icl", "small", folder, "weights.safetensors");
	const model = await RegressionModel.fromStateDict(config, weights, { engine });
	const [xs, ys] = ["xs", "ys"].map((name) => inputs.get(name) as Tensor) as [Tensor, Tensor];
	const { nLayers, nHeads, dHead } = config;
	const block = (layer: number): string => `token_sequence_transformer.blocks.${layer}`;

	test("queries, keys, values and their raw products are the original's", async () => {
		const { cache } = await model.runWithCache(xs, ys, { names: cachedPaths(config) });
		for (let layer = 0; layer < nLayers; layer++) {
			const fused = cache.get(`${block(layer)}.attention.attention`);
			const separated = separateAttention(fused, { numHeads: nHeads });
			for (const kind of ["q", "k", "v"] as const) {
				expectClose(separated[kind], outputs.get(`derived.block${layer}.${kind}`), 1e-5);
			}
			// softmax of q k / sqrt(c) under the causal mask is the pattern
			const raw = queriesTimesKeys(separated);
			const pattern = cache.get(`${block(layer)}.attention.attention_softmax`);
			const query = pattern.shape[2] === undefined ? 0 : pattern.shape[2] - 1;
			const scores = Array.from({ length: query + 1 }, (_, key) =>
				Math.exp(raw.at(0, 0, query, key) / Math.sqrt(dHead)),
			);
			const sum = scores.reduce((a, b) => a + b, 0);
			for (const [key, score] of scores.entries()) {
				expect(pattern.at(0, 0, query, key)).toBeCloseTo(score / sum, 5);
			}
		}
	});

	test("getAttention gives each block's softmax, and plots of it a figure for each sample", async () => {
		const patterns = await getAttention(model, xs, ys);
		expect(patterns).toHaveLength(nLayers);
		for (const [layer, pattern] of patterns.entries()) {
			expectClose(pattern, outputs.get(`act.${block(layer)}.attention.attention_softmax`), 1e-5);
		}
		const figures = await getAndPlotActivations(model, xs, ys);
		expect(figures).toHaveLength(xs.shape[0] as number);
		const titles = texts(figures[0] as string).filter((text) => text.startsWith("Layer"));
		expect(titles).toHaveLength(nLayers * nHeads);
	});

	test("every location has its figures, under its own name", async () => {
		const { cache } = await model.runWithCache(xs.slice(0, 0, 2), ys.slice(0, 0, 2), {
			names: cachedPaths(config),
		});
		const given: [string, Tensor][] = [["x", xs.slice(0, 0, 2)], ["y", ys.slice(0, 0, 2)], ...cache];
		const figures = [...activationFigures(given, { numHeads: nHeads })];
		expect(figures.map(({ name }) => name.replace(/\.T$/, ""))).toEqual(given.map(([name]) => name));
		for (const { name, samples, overview } of figures) {
			const tensor = given.find(([location]) => location === name.replace(/\.T$/, ""))?.[1] as Tensor;
			const high = tensor.shape.length === 3 && (tensor.shape[1] as number) > (tensor.shape[2] as number);
			expect(name.endsWith(".T"), name).toBe(high && !name.endsWith("attention.attention"));
			expect(samples).toHaveLength(2);
			expect(texts(samples[1] as string)).toContain(`${name}, sample 1`);
			expect(texts(overview)).toEqual(expect.arrayContaining([name, "sample 0", "sample 1"]));
		}
	});
});

/** The images of a figure's panels by title: cells as [row][column] of palette positions. */
function panels(svg: string): Map<string, { width: number; height: number; pixels: number[] }> {
	const found = svg.matchAll(/data-panel="([^"]*)".*?href="data:image\/png;base64,([^"]*)"/g);
	return new Map(
		[...found].map(([, title, base64]) => {
			const { width, height, data } = decode(Buffer.from(base64 as string, "base64"));
			return [title as string, { width, height, pixels: [...data] }];
		}),
	);
}

describe("the fused activation", () => {
	const [pos, heads, dHead] = [6, 2, 3];
	// 1 in every head's values, 0 in its queries and keys but for the first position's
	const data = new Float32Array(pos * heads * 3 * dHead);
	for (let t = 0; t < pos; t++) {
		for (let h = 0; h < heads; h++) {
			const at = (t * heads + h) * 3 * dHead;
			data.fill(1, at + 2 * dHead, at + 3 * dHead);
			if (t === 0) data.fill(1, at, at + 2 * dHead);
		}
	}
	const qkv = new Tensor("float32", [1, pos, heads * 3 * dHead], data);
	const [figure] = activationFigures([["blocks.0.attention.attention", qkv]], { numHeads: heads });
	const drawn = panels(figure?.samples[0] as string);

	test("has each head's Q, K, QK and V, in this order and with these contents", () => {
		expect([...drawn.keys()]).toEqual(
			[0, 1].flatMap((head) => ["Q", "K", "QK", "V"].map((kind) => `${head}.${kind}`)),
		);
		for (const head of [0, 1]) {
			for (const kind of ["Q", "K", "V"]) {
				expect(drawn.get(`${head}.${kind}`)).toMatchObject({ width: dHead, height: pos });
			}
			// only the first query meets the first key
			const { width, height, pixels } = drawn.get(`${head}.QK`) as never as {
				width: number;
				height: number;
				pixels: number[];
			};
			expect([width, height]).toEqual([pos, pos]);
			expect(new Set(pixels).size).toBe(2);
			expect(pixels.filter((pixel) => pixel !== pixels[1])).toHaveLength(1);
			expect(pixels[0]).not.toBe(pixels[1]);
			expect(new Set(drawn.get(`${head}.V`)?.pixels).size).toBe(1);
		}
	});

	test("says that QK is raw", () => {
		expect(texts(figure?.samples[0] as string).join("\n")).toContain("not scaled by 1/√d_head");
	});

	test("works for one head", () => {
		const one = new Tensor("float32", [1, pos, heads * 3 * dHead], data);
		const [single] = activationFigures([["attention.attention", one]], { numHeads: 1 });
		expect([...panels(single?.samples[0] as string).keys()]).toEqual(["0.Q", "0.K", "0.QK", "0.V"]);
	});
});

test("activations of other ranks are refused", () => {
	const draw = (tensor: Tensor) => [...activationFigures([["blocks.0", tensor]], { numHeads: 1 })];
	expect(() => draw(Tensor.zeros([2, 3]))).toThrow(
		'activationFigures: "blocks.0" has shape [2, 3], allowed [batch, rows, columns] and [batch, head, rows, columns]',
	);
	expect(() => draw(Tensor.zeros([1, 2, 3, 4, 5]))).toThrow(/shape \[1, 2, 3, 4, 5\]/);
	expect(() => draw(Tensor.zeros([1, 0, 3]))).toThrow(/shape \[1, 0, 3\]/);
});
