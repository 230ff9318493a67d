/** Circuits of heads: against products written out, and against processed weights. */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import {
	attendedTokens,
	type Composition,
	compositionScores,
	copyingEigenvalues,
	FactoredMatrix,
	fullOvCircuit,
	fullQkCircuit,
	ovCircuit,
	promotedTokens,
	qkCircuit,
} from "../../src/circuits/index.js";
import { difference, loadModel, type Model, Tensor } from "../../src/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { processWeights } from "../../src/processing/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { makeModel, RANDOM_FAMILIES, type RandomModel, randomModelsOf } from "../random-models.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const raw = { fold: false } as const;

function near(got: Tensor, expected: Tensor): void {
	const { maxAbs, scale } = difference(got, expected);
	expect(maxAbs).toBeLessThanOrEqual(2e-5 * Math.max(1, scale));
}

/** A head's own W_Q, W_K, W_V, W_O as stored. */
async function headOf(
	model: Model,
	layer: number,
	head: number,
): Promise<Record<"Q" | "K" | "V" | "O", Tensor>> {
	const { nHeads, nKvHeads } = model.config;
	const kv = Math.floor(head / (nHeads / nKvHeads));
	const at = async (name: string, i: number): Promise<Tensor> =>
		(await model.matrix(`blocks.${layer}.attn.W_${name}`)).select(i);
	return { Q: await at("Q", head), K: await at("K", kv), V: await at("V", kv), O: await at("O", head) };
}

/** Families whose matrices processing leaves as the circuits take them: norms without weights are not folded. */
const FOLDED = RANDOM_FAMILIES.filter((family) => family !== "hooked_transformer");

/** Whether a model has norms whose weights no matrix can take. */
function normsBehind(model: Model): boolean {
	const known = model.usualWeights();
	return ["ln1_post", "attn.q_norm"].some((norm) => known.has(`blocks.0.${norm}.w`));
}

describe("of random models", () => {
	test.each(FOLDED)(
		"circuits of a %s are the products of the head's matrices; folded ones those of processed weights",
		async (family) => {
			await fc.assert(
				fc.asyncProperty(randomModelsOf([family]), async (shape) => {
					await using model = await makeModel(shape, engine);
					await using clean = await processWeights(model);
					const { nLayers, nHeads } = model.config;
					const [layer, head] = [nLayers - 1, nHeads - 1];
					const name = `${layer}.${head}`;
					const { Q, K, V, O } = await headOf(model, layer, head);
					near((await ovCircuit(model, name, raw)).product(), new FactoredMatrix(V, O).product());
					near((await qkCircuit(model, name, raw)).product(), new FactoredMatrix(Q, K.transpose()).product());
					for (const circuit of [ovCircuit, qkCircuit, fullOvCircuit, fullQkCircuit]) {
						const own = normsBehind(model) ? {} : raw;
						near((await circuit(model, name)).product(), (await circuit(clean, name, own)).product());
					}
					const whole = new FactoredMatrix(await model.matrix("embed.W_E"), V)
						.times(O)
						.times(await model.matrix("unembed.W_U"));
					near((await fullOvCircuit(model, name, raw)).product(), whole.product());
					// what tokens promote and attend to are the largest entries of these
					for (const [ranked, circuit] of [
						[promotedTokens, await fullOvCircuit(model, name)],
						[attendedTokens, await fullQkCircuit(model, name)],
					] as const) {
						const [found] = await ranked(model, name, [4], { top: 3 });
						const factor = ranked === attendedTokens ? model.config.dHead ** -0.5 : 1;
						const row = Array.from({ length: model.config.vocab }, (_, i) => factor * circuit.at(4, i));
						const best = [...row].sort((a, b) => b - a);
						expect(found?.id).toBe(4);
						for (const [k, { id, value }] of (found?.top ?? []).entries()) {
							expect(value).toBeCloseTo(best[k] as number, 3);
							expect(row[id]).toBeCloseTo(value, 3);
						}
					}
				}),
				{ numRuns: 2 },
			);
		},
	);

	test.each(["gemma2", "gemma3_text", "olmo2", "qwen3"])(
		"what norms behind the matrices of a %s multiply with counts, unless these are taken as they are stored",
		async (family) => {
			const [shape] = fc.sample(randomModelsOf([family]), { numRuns: 1, seed: 3 }) as [RandomModel];
			await using model = await makeModel(shape, engine);
			await using clean = await processWeights(model);
			const [layer, head] = [model.config.nLayers - 1, model.config.nHeads - 1];
			const { Q, K, V, O } = await headOf(clean, layer, head);
			const at = `blocks.${layer}`;
			/** A norm's weight on the columns of a matrix, where the model has that norm. */
			const gained = async (matrix: Tensor, norm: string, of: number): Promise<Tensor> => {
				if (!clean.usualWeights().has(`${norm}.w`)) return matrix;
				const whole = await clean.matrix(`${norm}.w`);
				const gain = whole.shape.length === 2 ? whole.select(of) : whole;
				const width = gain.size;
				return new Tensor(
					"float32",
					matrix.shape,
					Float32Array.from(matrix.data as Float32Array, (v, i) => v * gain.at(i % width)),
				);
			};
			const kv = Math.floor(head / (model.config.nHeads / model.config.nKvHeads));
			const name = `${layer}.${head}`;
			const out = await gained(O, `${at}.ln1_post`, 0);
			near((await ovCircuit(model, name)).product(), new FactoredMatrix(V, out).product());
			const [q, k] = [await gained(Q, `${at}.attn.q_norm`, head), await gained(K, `${at}.attn.k_norm`, kv)];
			near((await qkCircuit(model, name)).product(), new FactoredMatrix(q, k.transpose()).product());
			near((await ovCircuit(clean, name, raw)).product(), new FactoredMatrix(V, O).product());
		},
	);

	test("copying eigenvalues are those of the full OV circuit", async () => {
		await fc.assert(
			fc.asyncProperty(randomModelsOf(FOLDED), async (shape) => {
				await using model = await makeModel(shape, engine);
				const scores = await copyingEigenvalues(model);
				for (const [layer, heads] of scores.entries()) {
					expect(heads).toHaveLength(model.config.nHeads);
					const head = heads.length - 1;
					const lambdas = (await fullOvCircuit(model, `${layer}.${head}`)).eigenvalues();
					const sizes = lambdas.reduce((sum, { re, im }) => sum + Math.hypot(re, im), 0);
					expect(heads[head]).toBeCloseTo(lambdas.reduce((sum, { re }) => sum + re, 0) / sizes, 3);
				}
			}),
			{ numRuns: 6 },
		);
	});

	test("composition scores are the norms of the products, between layers alone", async () => {
		await fc.assert(
			fc.asyncProperty(randomModelsOf(FOLDED), async (shape) => {
				await using model = await makeModel(shape, engine);
				await using clean = await processWeights(model);
				const { nLayers, nHeads } = model.config;
				const { scores, baseline } = await compositionScores(model, { baselineSamples: 0 });
				expect(baseline).toBeUndefined();
				const [sender, receiver] = [0, nHeads - 1];
				for (let l1 = 0; l1 < nLayers; l1++) {
					for (let l2 = 0; l2 < nLayers; l2++) {
						const own = normsBehind(model) ? {} : raw;
						const from = await ovCircuit(clean, `${l1}.${sender}`, own);
						const qk = await qkCircuit(clean, `${l2}.${receiver}`, own);
						const to: Record<Composition, FactoredMatrix> = {
							Q: qk,
							K: qk.transpose(),
							V: await ovCircuit(clean, `${l2}.${receiver}`, own),
						};
						for (const [kind, matrix] of Object.entries(to)) {
							const own = from.times(matrix).norm() / (from.norm() * matrix.norm());
							const got = scores[kind as Composition]?.at(l1, sender, l2, receiver);
							expect(got).toBeCloseTo(l1 < l2 ? own : 0, 4);
						}
					}
				}
			}),
			{ numRuns: 6 },
		);
	});
});

test("the demo model's induction heads copy, and read the previous-token head through their keys", async () => {
	await using model = await loadModel("demo", { engine });
	const { scores, baseline = 0 } = await compositionScores(model, { kinds: ["K"] });
	expect(Object.keys(scores)).toEqual(["K"]);
	const copying = await copyingEigenvalues(model);
	for (const head of [0, 2, 3]) {
		expect(copying[1]?.[head]).toBeGreaterThan(0.99);
		const senders = [0, 1, 2, 3].map((sender) => scores.K?.at(0, sender, 1, head) as number);
		expect(senders.indexOf(Math.max(...senders))).toBe(1); // 0.1 attends to the previous token
		expect(senders[1]).toBeGreaterThan(2 * baseline);
	}
	const [fox] = await promotedTokens(model, "1.2", ["fox"], { top: 3 });
	expect(fox?.top[0]?.id).toBe(fox?.id);
	// the baseline is drawn from a seed
	const seeded = async (seed: number): Promise<number | undefined> =>
		(await compositionScores(model, { kinds: ["V"], seed })).baseline;
	expect(await seeded(1)).toBe(await seeded(1));
	expect(await seeded(1)).not.toBe(await seeded(2));
});

test("of regression models without W_O heads have channels of their own", async () => {
	const task = {
		...{ task_size: 3, max_examples: 4, embed_size: 8, mlp_size: 6, num_heads: 2, num_layers: 2 },
		include_output: false,
	};
	await using regression = await RegressionModel.fresh(regressionConfig(task), 1, { engine });
	const { model } = regression;
	const { right } = await ovCircuit(model, "0.1", raw);
	expect(right.toNested()).toEqual(
		Array.from({ length: 4 }, (_, i) => Array.from({ length: 8 }, (__, j) => (j === i + 4 ? 1 : 0))),
	);
	expect(await copyingEigenvalues(model)).toHaveLength(2);
	const { scores } = await compositionScores(model);
	expect(scores.V?.at(0, 1, 1, 0)).toBeGreaterThan(0);
});

test("refuses heads, tokens and numbers that it does not know", async () => {
	await using model = await loadModel("demo", { engine });
	await expect(ovCircuit(model, "2.0")).rejects.toThrow(
		'no head "2.0"; nearest: 1.0; the model has 0.0 to 1.3',
	);
	await expect(qkCircuit(model, "first")).rejects.toThrow('allowed layer.head such as "0.1" or "L0H1"');
	await expect(promotedTokens(model, "1.0", ["red fox"])).rejects.toThrow(
		/^tokens\[0\]: "red fox" is 2 tokens: /,
	);
	await expect(promotedTokens(model, "1.0", [])).rejects.toThrow("tokens: the list is empty");
	await expect(attendedTokens(model, "1.0", ["fox"], { top: 0 })).rejects.toThrow(
		"top: got 0, allowed whole numbers 1..",
	);
	await expect(compositionScores(model, { kinds: ["O" as never] })).rejects.toThrow(
		'kinds: got ["O"], allowed some of Q, K, V',
	);
	await expect(compositionScores(model, { baselineSamples: -1 })).rejects.toThrow("baselineSamples: got -1");
});
