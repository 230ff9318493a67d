import { describe, expect, it } from "vitest";
import {
	PATTERN_SCORES,
	patternEntropies,
	patternScores,
	queryScores,
} from "../../src/tasks/regression/index.js";
import { Tensor } from "../../src/tensor/index.js";
import { referenceFolders, referenceJson, referenceTensors } from "../reference-data.js";
import { plainModel } from "./plain-model.js";
import type { SmallConfig } from "./support.js";

type Scores = Record<string, number | string>;

interface Reference {
	readonly batch: {
		readonly summary: Record<string, Record<string, Scores>>;
		readonly full: Record<
			string,
			{
				readonly variability_function: Record<string, Scores>;
				readonly entropy_function: Record<string, number | Scores>;
			}
		>;
	};
	readonly pretrain: { readonly summary: Record<string, Record<string, Scores>> };
	readonly true: { readonly summary: Record<string, Record<string, Scores>> };
}

/** The original divides a query's mean position by its number of keys for these queries only. */
const DIVIDED = 15;

describe.each(referenceFolders("icl", "small"))("%s", async (folder) => {
	const wanted = referenceJson<Reference>("icl", "small", folder, "attention_scores.json");
	const { task_config: config } = referenceJson<SmallConfig>("icl", "small", folder, "config.json");
	const outputs = await referenceTensors("icl", "small", folder, "outputs.safetensors");
	const patterns = Array.from({ length: config.num_layers }, (_, block) => {
		const name = `act.token_sequence_transformer.blocks.${block}.attention.attention_softmax`;
		return outputs.get(name) as Tensor;
	});

	it("scores each head and each query as the original", () => {
		const got = patternScores(patterns, { perToken: true });
		let compared = 0;
		for (const [block, { variability_function }] of Object.entries(wanted.batch.full)) {
			for (const [head, scores] of Object.entries(variability_function)) {
				for (const [key, value] of Object.entries(scores)) {
					const ours = `${block}/${head}/${key.replace("distance", "mean_position")}`;
					const query = Number(/token_(\d+)/.exec(key)?.[1] ?? 0);
					if (value === "nan") {
						expect([key, got[ours]]).toEqual(["token_0/entropy_normalized", 0]);
					} else if (key === "distance" && 2 * config.max_examples - 1 > DIVIDED) {
						continue; // a mean of divided and undivided values
					} else {
						const divided = key.endsWith("/distance") && query >= DIVIDED ? query + 1 : 1;
						expect(Math.abs((got[ours] as number) - Number(value) / divided), ours).toBeLessThan(2e-6);
					}
					compared++;
				}
			}
		}
		const perHead = 6 + 7 * (2 * config.max_examples - 1);
		const left = 2 * config.max_examples - 1 > DIVIDED ? 1 : 0;
		expect(compared).toBe(config.num_layers * config.num_heads * (perHead - left));
	});

	it("gives the older function's entropies, normalised by the logarithm they are taken with", () => {
		for (const [block, pattern] of patterns.entries()) {
			const got = patternEntropies(pattern);
			const { entropy_function } = wanted.batch.full[`block_${block}`] as Reference["batch"]["full"][string];
			const flat = Object.entries(entropy_function).flatMap(([key, value]): [string, number | string][] =>
				typeof value === "number"
					? [[key, value]]
					: Object.entries(value).map(([inner, v]) => [`${key}/${inner}`, v]),
			);
			expect(new Set(Object.keys(got))).toEqual(new Set(flat.map(([key]) => key)));
			for (const [key, value] of flat) {
				const nats = Number(value) / (key.endsWith("_normalized") ? Math.LN2 : 1);
				expect(Math.abs((got[key] as number) - nats), key).toBeLessThan(3e-6);
			}
		}
	});

	it("scores the evaluation batch of the model", async () => {
		const inputs = await referenceTensors("icl", "small", folder, "inputs.safetensors");
		const weights = await referenceTensors("icl", "small", folder, "weights.safetensors");
		const model = plainModel(weights, config.num_layers, config.num_heads);
		const { patterns } = model(inputs.get("pretrain_xs") as Tensor, inputs.get("pretrain_ys") as Tensor);
		const got = patternScores(patterns);
		for (const [block, heads] of Object.entries(wanted.pretrain.summary)) {
			for (const [head, scores] of Object.entries(heads)) {
				for (const [key, value] of Object.entries(scores)) {
					if (key === "distance" && 2 * config.max_examples - 1 > DIVIDED) continue;
					const ours = `${block}/${head}/${key.replace("distance", "mean_position")}`;
					expect(Math.abs((got[ours] as number) - Number(value)), ours).toBeLessThan(1e-5);
				}
			}
		}
	});
});

describe("pattern scores", () => {
	/** A pattern of six tokens of which query i attends to key(i, batch item) alone. */
	const onto = (key: (i: number, b: number) => number, batch = 1): Tensor => {
		const pattern = Tensor.zeros([batch, 1, 6, 6]);
		for (let b = 0; b < batch; b++) {
			for (let i = 0; i < 6; i++) pattern.data[(b * 6 + i) * 6 + key(i, b)] = 1;
		}
		return pattern;
	};
	const of = (pattern: Tensor): Record<string, number[]> => {
		const scores = queryScores(pattern)[0];
		return Object.fromEntries(PATTERN_SCORES.map((name) => [name, [...(scores?.[name] ?? [])]]));
	};

	it("of heads that attend to themselves, to the token before and to the first", () => {
		expect(of(onto((i) => i))).toMatchObject({
			self_attn: [1, 1, 1, 1, 1],
			prev_token_attn: [0, 0, 0, 0, 0],
			x_tokens_attn: [1, 0, 1, 0, 1],
			entropy: [0, 0, 0, 0, 0],
			variability: [0, 0, 0, 0, 0],
		});
		expect(of(onto((i) => Math.max(0, i - 1)))).toMatchObject({
			prev_token_attn: [0, 1, 1, 1, 1],
			mean_position: [0, 0, 1 / 3, 2 / 4, 3 / 5],
		});
		expect(of(onto(() => 0))).toMatchObject({
			x_tokens_attn: [1, 1, 1, 1, 1],
			mean_position: [0, 0, 0, 0, 0],
		});
	});

	it("of a head whose attention differs between two sequences altogether", () => {
		expect(of(onto((i, b) => (b ? i : 0), 2)).variability).toEqual([0, 0.5, 0.5, 0.5, 0.5]);
	});

	it("of even attention", () => {
		const pattern = Tensor.zeros([2, 1, 6, 6]);
		for (let row = 0; row < 12; row++)
			pattern.data.fill(1 / ((row % 6) + 1), row * 6, row * 6 + (row % 6) + 1);
		const { entropy, entropy_normalized } = of(pattern) as Record<string, number[]>;
		expect(entropy?.[3]).toBeCloseTo(2, 6);
		for (const value of entropy_normalized?.slice(1) ?? []) expect(value).toBeCloseTo(1, 6);
		expect(patternEntropies(pattern)["head_0/token_3_normalized"]).toBeCloseTo(1, 6);
	});

	it("of what is no pattern are refused", () => {
		expect(() => queryScores(Tensor.zeros([1, 2, 3]))).toThrow(/pattern \[1, 2, 3\], allowed \[batch, head/);
		expect(() => patternScores([Tensor.zeros([1, 2, 3, 4])])).toThrow(/as many queries as keys/);
		expect(() => queryScores(Tensor.zeros([1, 1, 1, 1]))).toThrow(/tokens of a pattern: got 1/);
	});
});
