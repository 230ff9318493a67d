import { centres } from "../models/family.js";
import type { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import type { ModelWeights, Step } from "./model-weights.js";

/** Weights and biases of every norm go into the matrices that read what it gives. */
export const foldNorms: Step = (weights, where) => {
	const { family, config } = weights;
	for (let l = 0; l < config.nLayers; l++) {
		const at = `blocks.${l}`;
		const attn = ["Q", "K", "V"].map((m) => [`${at}.attn.W_${m}`, `${at}.attn.b_${m}`]);
		const mlp = ["in", "gate"].map((m) => [`${at}.mlp.W_${m}`, `${at}.mlp.b_${m}`]);
		// one norm for both, as parallel blocks may have it
		const shared = !weights.tensors.has(`${at}.ln2.w`);
		if (family.positionsApart?.(config) && weights.tensors.has(`${at}.ln1.w`)) {
			reject(
				where,
				`positions are added to what ${at}.ln1 gives (shortformer): it cannot be folded into W_Q and W_K`,
			);
		}
		foldNorm(weights, `${at}.ln1`, shared ? [...attn, ...mlp] : attn, where);
		foldNorm(weights, `${at}.ln2`, mlp, where);
	}
	foldNorm(weights, "ln_final", [["unembed.W_U", "unembed.b_U"]], where);
};

/** Every matrix and bias that writes to the stream loses its mean over d_model. */
export const centerWriting: Step = ({ tensors, family, config }, where) => {
	if (!centres(family, config)) {
		const norms =
			family.norm === "rms" ? "RMSNorm, which does not subtract the mean" : "no norms that subtract the mean";
		reject(where, `${family.name} has ${norms}: centring would change the model`);
	}
	const apart = family.positionsApart?.(config);
	for (const [name, { data, shape }] of tensors) {
		if (!/\.(W_E|W_pos|W_O|b_O|W_out|b_out)$/.test(name)) continue;
		if (apart && name === "pos_embed.W_pos") continue; // not written to the stream
		const width = shape.at(-1) as number;
		for (let row = 0; row < data.length; row += width) center(data, row, 1, width);
	}
};

/** Logits lose their mean over the vocabulary. */
export const centerLogits: Step = ({ tensors, config, family }, where) => {
	if (family.logitCap?.(config) !== undefined) {
		reject(
			where,
			`${family.name} caps its logits, whose mean reaches the softmax: centring would change the model`,
		);
	}
	const matrix = tensors.get("unembed.W_U") as Tensor<"float32">;
	for (let d = 0; d < config.dModel; d++) center(matrix.data, d * config.vocab, 1, config.vocab);
	const bias = tensors.get("unembed.b_U");
	if (bias) center(bias.data, 0, 1, config.vocab);
};

/** As patterns' rows sum to 1, b_V reaches the stream as b_V W_O, whatever is attended to. */
export const foldValues: Step = (weights, where) => {
	const { nLayers, nHeads, nKvHeads, dHead, dModel } = weights.config;
	for (let l = 0; l < nLayers; l++) {
		const at = `blocks.${l}.attn`;
		const bias = weights.tensors.get(`${at}.b_V`);
		const output = weights.tensors.get(`${at}.W_O`);
		if (!bias || !output) continue;
		const sums = new Float64Array(dModel);
		for (let h = 0; h < nHeads; h++) {
			const kv = Math.floor(h / (nHeads / nKvHeads));
			for (let i = 0; i < dHead; i++) {
				const value = bias.data[kv * dHead + i] as number;
				const row = (h * dHead + i) * dModel;
				for (let d = 0; d < dModel; d++)
					sums[d] = (sums[d] as number) + value * (output.data[row + d] as number);
			}
		}
		addTo(weights, `${at}.b_O`, sums, where);
		bias.data.fill(0);
	}
};

/**
 * norm(x) = w * y + b with y = (x - mean) / scale: W <- diag(w) W and bias <- bias + b W for each reader W. As y of a
 * LayerNorm has mean 0, the mean over d_model of each of W's columns is never read and taken off.
 */
function foldNorm(
	weights: ModelWeights,
	norm: string,
	readers: readonly (readonly string[])[],
	where: string,
): void {
	const { tensors, family, config } = weights;
	const [gain, shift] = [tensors.get(`${norm}.w`), tensors.get(`${norm}.b`)];
	if (!gain) return;
	for (const [matrixName, biasName] of readers as readonly [string, string][]) {
		const matrix = tensors.get(matrixName);
		if (!matrix) continue;
		const out = matrix.shape.at(-1) as number;
		const { dModel } = config;
		const blocks = matrix.size / (dModel * out); // heads
		const sums = new Float64Array(blocks * out);
		for (let block = 0; block < blocks; block++) {
			for (let d = 0; d < dModel; d++) {
				const row = (block * dModel + d) * out;
				const [w, b] = [gain.data[d] as number, shift?.data[d] ?? 0];
				for (let o = 0; o < out; o++) {
					const value = matrix.data[row + o] as number;
					sums[block * out + o] = (sums[block * out + o] as number) + b * value;
					matrix.data[row + o] = w * value;
				}
			}
			if (family.norm !== "layer") continue;
			for (let o = 0; o < out; o++) center(matrix.data, block * dModel * out + o, out, dModel);
		}
		if (shift) addTo(weights, biasName, sums, where);
	}
	gain.data.fill(1);
	shift?.data.fill(0);
}

/** Adds to a bias. @throws {ProcessingError} where the architecture has no such bias and the numbers are not 0 */
function addTo({ tensors }: ModelWeights, name: string, sums: Float64Array, where: string): void {
	const bias = tensors.get(name);
	if (!bias) {
		if (sums.some((sum) => sum !== 0)) reject(where, `the architecture has no "${name}" to fold a bias into`);
		return;
	}
	for (const [i, sum] of sums.entries()) bias.data[i] = (bias.data[i] as number) + sum;
}

/** Subtracts the mean of `count` elements, `step` apart, from each. */
function center(data: Float32Array, start: number, step: number, count: number): void {
	let sum = 0;
	for (let i = 0; i < count; i++) sum += data[start + i * step] as number;
	const mean = sum / count;
	for (let i = 0; i < count; i++) data[start + i * step] = (data[start + i * step] as number) - mean;
}
