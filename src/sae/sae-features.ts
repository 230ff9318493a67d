import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import type { Model } from "../models/model.js";
import type { ModelInput, Readout, RunOptions } from "../models/run-options.js";
import type { Tensor } from "../tensor/index.js";
import { encoded, prepared } from "./encode.js";
import type { Sae, SaeWeights } from "./sae.js";

/** What an autoencoder makes of a run. */
export interface SaeActivations {
	/** [batch, pos, d_sae], 0 where a feature is not active. Positions of padding are computed like any other. */
	readonly features: Tensor<"float32">;
	/** The value that is to be explained, at `hookNameOut`: [batch, pos, d_out]. */
	readonly value: Tensor<"float32">;
	/** What the features (and a transcoder's skip) make of it: [batch, pos, d_out]. `value` minus this is the error. */
	readonly reconstruction: Tensor<"float32">;
}

/** A feature that is active somewhere. */
export interface ActiveFeature {
	readonly feature: number;
	readonly activation: number;
}

/**
 * Runs a model and an autoencoder on it, in one graph. Interventions and hooks of the run act before.
 * @throws {HookError} where the model lacks the point it belongs to
 */
export async function saeFeatures(
	model: Model,
	sae: Sae,
	input: ModelInput,
	options: RunOptions = {},
): Promise<SaeActivations> {
	const [hookName, hookNameOut] = [sae.hookName, sae.hookNameOut].map((name) => model.pointAt(name).name);
	const readout = readoutOf(sae, hookName as string, hookNameOut as string);
	const results = await model.read(input, { ...readout, feeds: feedsOf(sae.weights) }, options);
	const at = (name: string): Tensor<"float32"> => results.get(name) as Tensor<"float32">;
	return { features: at("features"), value: at("value"), reconstruction: at("reconstruction") };
}

/**
 * The strongest features at a position, strongest first; fewer than `count` where fewer are active.
 * @param features [batch, pos, d_sae]
 */
export function topFeatures(
	features: Tensor<"float32">,
	row: number,
	position: number,
	count = 10,
): ActiveFeature[] {
	const { data } = features.select(row).select(position);
	return Array.from(data, (activation, feature) => ({ feature, activation }))
		.filter(({ activation }) => activation > 0)
		.sort((a, b) => b.activation - a.activation)
		.slice(0, count);
}

/** Readouts by autoencoder: the same function is not traced again. */
const readouts = new WeakMap<Sae, Map<string, Readout>>();

/** @param from full name of the point it reads, and `to` of the one it explains */
function readoutOf(sae: Sae, from: string, to: string): Readout {
	const known = readouts.get(sae) ?? new Map<string, Readout>();
	readouts.set(sae, known);
	const names = [...new Set([from, to])];
	const key = names.join();
	const readout = known.get(key) ?? {
		names,
		outputs: (get, g) => computed(sae, get(from), get(to), g),
	};
	known.set(key, readout);
	return readout;
}

function computed(sae: Sae, input: Value, value: Value, g: G): Record<string, Value> {
	const { weights, dOut, joinsHeads } = sae;
	const weight = (name: keyof SaeWeights): Value =>
		g.input(`sae.${name}`, "float32", (weights[name] as Tensor).shape);
	const { x, back, shift } = prepared(g, input, sae);
	const values = {
		encoder: weight("encoder"),
		center: weight("center"),
		scale: weight("scale"),
		bias: weight("bias"),
		above: weight("above"),
	};
	const features = encoded(g, x, values, sae);
	const decoded = back(g.add(g.matmul(features, weight("decoder")), weight("decoderBias")));
	const shifted = shift ? g.add(decoded, shift) : decoded;
	const passed = weights.skip && g.matmul(input, weight("skip"), { transposeB: true });
	const [batch, pos] = value.shape as [string, string];
	return {
		features,
		value: joinsHeads ? g.reshape(value, [batch, pos, dOut]) : value,
		reconstruction: passed ? g.add(shifted, passed) : shifted,
	};
}

function feedsOf(weights: SaeWeights): Record<string, Tensor> {
	return Object.fromEntries(
		Object.entries(weights).map(([name, tensor]) => [`sae.${name}`, tensor as Tensor]),
	);
}
