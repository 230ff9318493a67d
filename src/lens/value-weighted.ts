import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Model } from "../models/model.js";
import type { ModelInput, Readout, RunOptions } from "../models/run-options.js";
import { type UsualWeight, usualValue } from "../models/weight-layout.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { remembered } from "./remember.js";

/** Options of a run, and the layers whose patterns are weighted. */
export interface ValueWeightedOptions extends RunOptions {
	/** Default all; negative ones count from the end. */
	readonly layers?: readonly number[];
}

/**
 * Attention weighted by what is moved: ||A[q, k] v_k W_O|| for every head, the norm of what query q gets from key k
 * (Kobayashi et al. 2020, "Attention is Not Only a Weight"; v with its bias, W_O without). A head that attends to a
 * token whose value is nearly 0, as many do to the first, moves nothing from there. A norm behind the heads (`ln1_post`)
 * counts with its weight and the scale that it had at the query.
 * @returns by layer, [batch, head, query, key]; 0 or more, rows do not sum to 1
 * @throws {LensError} for a layer that the model lacks
 */
export async function valueWeightedPatterns(
	model: Model,
	input: ModelInput,
	{ layers: given, ...options }: ValueWeightedOptions = {},
): Promise<Map<number, Tensor<"float32">>> {
	const { nLayers } = model.config;
	const layers = (given ?? Array.from({ length: nLayers }, (_, l) => l)).map((layer, i) => {
		const at = layer < 0 ? layer + nLayers : layer;
		if (Number.isInteger(at) && at >= 0 && at < nLayers) return at;
		const near = layer < 0 ? -nLayers : nLayers - 1;
		return reject(`layers[${i}]`, `no layer ${layer}; nearest: ${near}; the model has 0 to ${nLayers - 1}`);
	});
	if (layers.length === 0) reject("layers", `the list is empty; the model has 0 to ${nLayers - 1}`);
	const readout: Readout = {
		names: layers.flatMap((l) => [
			`blocks.${l}.attn.hook_pattern`,
			`blocks.${l}.attn.hook_v`,
			...(normBehind(model, l) ? [`blocks.${l}.ln1_post.hook_scale`] : []),
		]),
		outputs: remembered(
			model,
			["value-weighted", layers],
			() => (get, g) =>
				Object.fromEntries(layers.map((layer) => [String(layer), weighted(model, layer, get, g)])),
		),
	};
	const found = await model.read(input, readout, options);
	return new Map(
		layers.map((layer) => {
			const { shape, data } = found.get(String(layer)) as Tensor<"float32">;
			return [layer, new Tensor("float32", shape, data, ["batch", "head", "query", "key"])];
		}),
	);
}

function weighted(model: Model, layer: number, get: (name: string) => Value, g: G): Value {
	const { nHeads, nKvHeads, dHead } = model.config;
	const at = `blocks.${layer}.attn`;
	const values = get(`${at}.hook_v`); // [batch, key, kv_head, d_head]
	const [batch, key] = values.shape as [string, string];
	const perKvHead = g.unsqueeze(g.transpose(values, [0, 2, 1, 3]), 2);
	const grouped = g.expand(perKvHead, [batch, nKvHeads, nHeads / nKvHeads, key, dHead]);
	const perHead = g.reshape(grouped, [batch, nHeads, key, dHead]);
	const output = model.usualWeights().get(`${at}.W_O`);
	// without a W_O heads stand side by side, which keeps lengths
	const written = output ? g.matmul(perHead, usualValue(output)) : perHead; // [batch, head, key, d_model]
	const behind = normBehind(model, layer);
	const moved = behind ? g.mul(written, usualValue(behind)) : written;
	const norms = g.sqrt(g.sum(g.mul(moved, moved), -1)); // [batch, head, key, 1]
	const result = g.mul(get(`${at}.hook_pattern`), g.transpose(norms, [0, 1, 3, 2]));
	return behind ? g.div(result, g.unsqueeze(get(`blocks.${layer}.ln1_post.hook_scale`), 1)) : result;
}

/** The norm between a layer's heads and the stream, where there is one. */
function normBehind(model: Model, layer: number): UsualWeight | undefined {
	return model.usualWeights().get(`blocks.${layer}.ln1_post.w`);
}
