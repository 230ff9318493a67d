import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Model } from "../models/model.js";
import { Random, Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { FactoredMatrix } from "./factored-matrix.js";
import { type CircuitOptions, HeadMatrices } from "./head-matrices.js";

/** Through what a head reads an earlier one: its queries, keys or values. */
export const COMPOSITIONS = ["Q", "K", "V"] as const;
/** One of `COMPOSITIONS`. */
export type Composition = (typeof COMPOSITIONS)[number];

/** What the norms of a head of nothing but zeros are divided by. */
const TINY = 1e-30;

/** Which scores are taken, and their baseline. */
export interface CompositionOptions extends CircuitOptions {
	/** Default all three. */
	readonly kinds?: readonly Composition[];
	/** Pairs of heads with random (normal) matrices whose mean score is the baseline. Default 10; 0 for none. */
	readonly baselineSamples?: number;
	/** Of the random matrices. Default 0. */
	readonly seed?: number;
	readonly signal?: AbortSignal;
}

/** How much of what one head writes another one reads. */
export interface CompositionScores {
	/** [sender layer, sender head, receiver layer, receiver head]; 0 unless the sender's layer is the earlier one. */
	readonly scores: Partial<Readonly<Record<Composition, Tensor<"float32">>>>;
	/** What heads with random matrices of these sizes would score; absent with `baselineSamples: 0`. */
	readonly baseline?: number;
}

/**
 * Composition scores of all pairs of heads (Elhage et al. 2021): ||W_OV M||_F / (||W_OV||_F ||M||_F), where W_OV = W_V
 * W_O is the sender's and M the receiver's W_QK = W_Q W_K' for Q, its transpose for K, and W_OV for V. No product of
 * two d_model sides is ever made: with W_OV = A B and M = C D the norm is that of (B C) between the Gram matrices of A
 * and D. With grouped-query attention each query head has its group's W_K and W_V.
 * @throws {CircuitError} for kinds and numbers that are not understood
 */
export async function compositionScores(
	model: Model,
	options: CompositionOptions = {},
): Promise<CompositionScores> {
	const { kinds = COMPOSITIONS, fold = true, baselineSamples = 10, seed = 0, signal } = options;
	const unknown = kinds.find((kind) => !COMPOSITIONS.includes(kind));
	if (unknown !== undefined || kinds.length === 0) {
		reject("kinds", `got ${JSON.stringify(kinds)}, allowed some of ${COMPOSITIONS.join(", ")}`);
	}
	if (!Number.isInteger(baselineSamples) || baselineSamples < 0) {
		reject("baselineSamples", `got ${baselineSamples}, allowed whole numbers from 0`);
	}
	const { nLayers: layers, nHeads: heads, dModel, dHead } = model.config;
	const scores = Object.fromEntries(
		[...new Set(kinds)].map((kind) => [kind, Tensor.zeros([layers, heads, layers, heads])]),
	) as Record<Composition, Tensor<"float32">>;
	// a receiver's layer at a time, so that memory does not grow with the square of the layers
	for (let receiver = 1; receiver < layers; receiver++) {
		const found = await model.compute(
			(g) =>
				receiverScores(new HeadMatrices(model, fold, g), receiver, Object.keys(scores) as Composition[], g),
			{},
			signal ? { signal } : {},
		);
		for (const [kind, values] of found) {
			const into = scores[kind as Composition].data;
			for (let sender = 0; sender < receiver * heads; sender++) {
				const row = values.data.subarray(sender * heads, (sender + 1) * heads) as Float32Array;
				into.set(row, (sender * layers + receiver) * heads);
			}
		}
	}
	if (baselineSamples === 0) return { scores };
	return { scores, baseline: randomScore(dModel, dHead, baselineSamples, new Random(seed)) };
}

/** Scores of all senders before a layer with its heads: [sender, head]. */
function receiverScores(
	m: HeadMatrices,
	receiver: number,
	kinds: readonly Composition[],
	g: G,
): Readonly<Record<string, Value>> {
	const senders = Array.from({ length: receiver }, (_, layer) => layer);
	const values = g.concat(
		senders.map((layer) => m.reading(layer, "V")),
		0,
	); // A [sender, d_model, d_head]
	const outputs = g.concat(
		senders.map((layer) => m.writing(layer)),
		0,
	); // B [sender, d_head, d_model]
	const [sender, dHead, dModel] = outputs.shape as [number, number, number];
	const before = g.matmul(values, values, { transposeA: true }); // A' A
	const sent = squaredNorm(before, g.matmul(outputs, outputs, { transposeB: true }), g); // [sender]
	const [q, k] = [m.reading(receiver, "Q"), m.reading(receiver, "K")];
	const factors: Record<Composition, () => readonly [Value, Value]> = {
		Q: () => [q, g.transpose(k, [0, 2, 1])],
		K: () => [k, g.transpose(q, [0, 2, 1])],
		V: () => [m.reading(receiver, "V"), m.writing(receiver)],
	};
	return Object.fromEntries(
		kinds.map((kind) => {
			const [c, d] = factors[kind](); // [head, d_model, d_head], [head, d_head, d_model]
			const heads = c.shape[0] as number;
			const after = g.matmul(d, d, { transposeB: true }); // D D'
			const received = squaredNorm(g.matmul(c, c, { transposeA: true }), after, g); // [head]
			// all heads' B C as one product of two matrices
			const wide = g.reshape(g.transpose(c, [1, 0, 2]), [dModel, heads * dHead]);
			const flat = g.matmul(g.reshape(outputs, [sender * dHead, dModel]), wide);
			const middle = g.transpose(g.reshape(flat, [sender, dHead, heads, dHead]), [0, 2, 1, 3]);
			const weighted = g.matmul(g.matmul(g.unsqueeze(before, 1), middle), after);
			const product = g.sum(g.mul(weighted, middle), [2, 3], { keepDims: false }); // [sender, head]
			const scale = g.mul(g.unsqueeze(sent, 1), g.unsqueeze(received, 0));
			const ratio = g.div(g.maximum(product, 0), g.maximum(scale, TINY));
			return [kind, g.sqrt(ratio)];
		}),
	);
}

/** ||A B||_F^2 from A' A and B B': [n]. */
function squaredNorm(gramA: Value, gramB: Value, g: G): Value {
	return g.sum(g.mul(gramA, gramB), [1, 2], { keepDims: false });
}

/** Mean score of random matrices, whose kinds do not differ. */
function randomScore(dModel: number, dHead: number, samples: number, random: Random): number {
	const draw = (rows: number, columns: number): Tensor => {
		const matrix = Tensor.zeros([rows, columns]);
		for (let i = 0; i < matrix.size; i++) matrix.data[i] = random.normal();
		return matrix;
	};
	const factored = (): FactoredMatrix => new FactoredMatrix(draw(dModel, dHead), draw(dHead, dModel));
	let sum = 0;
	for (let i = 0; i < samples; i++) {
		const [sender, receiver] = [factored(), factored()];
		sum += sender.times(receiver).norm() / (sender.norm() * receiver.norm());
	}
	return sum / samples;
}
