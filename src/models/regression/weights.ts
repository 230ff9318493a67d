import { TorchRandom } from "../../random/index.js";
import { sizeOf, Tensor } from "../../tensor/index.js";
import { ModelError, type WeightDeclaration } from "../family.js";
import type { RegressionConfig } from "./config.js";

/** The module that holds everything, as the original names it. */
export const ROOT = "token_sequence_transformer";

interface Parameter extends WeightDeclaration {
	/** Width of the layer's input, which bounds its initial entries; absent for norms, which start at 1 and 0. */
	readonly fanIn?: number;
}

/** Every parameter in the original's order, which is that of its random draws and of its optimizer. */
export function parameters(c: RegressionConfig): readonly Parameter[] {
	const { dModel: e, dMlp: f } = c;
	const linear = (name: string, out: number, fanIn: number, bias: boolean): Parameter[] => [
		{ name: `${name}.weight`, shape: [out, fanIn], fanIn },
		...(bias ? [{ name: `${name}.bias`, shape: [out], fanIn }] : []),
	];
	const norm = (name: string): Parameter[] =>
		c.layerNorm ? ["weight", "bias"].map((kind) => ({ name: `${name}.${kind}`, shape: [e] })) : [];
	const block = (b: string): Parameter[] => [
		...linear(`${b}.attention.attention`, 3 * e, e, false),
		...(c.includeOutput ? linear(`${b}.attention.output`, e, e, false) : []),
		...linear(`${b}.compute.0`, f, e, true),
		...linear(`${b}.compute.2`, e, f, true),
		...norm(`${b}.layer_norms.0`),
		...norm(`${b}.layer_norms.1`),
	];
	return [
		...linear(`${ROOT}.token_embedding`, e, c.taskSize + 1, false),
		...linear(`${ROOT}.postn_embedding`, e, c.nCtx, false),
		...Array.from({ length: c.nLayers }, (_, l) => block(`${ROOT}.blocks.${l}`)).flat(),
		...norm(`${ROOT}.unembedding.0`),
		...linear(unembedding(c), c.taskSize + 1, e, true),
	];
}

/** The last linear layer: a bare module where there is no norm before it. */
export function unembedding({ layerNorm }: RegressionConfig): string {
	return layerNorm ? `${ROOT}.unembedding.1` : `${ROOT}.unembedding`;
}

/**
 * The weights that the original starts with: uniform in +-1 / sqrt(input width), norms 1 and 0, drawn
 * from torch's stream in the order of the parameters.
 * @param seed `model_seed`; the published runs take 0
 */
export function initialWeights(config: RegressionConfig, seed: number): Map<string, Tensor<"float32">> {
	const random = new TorchRandom(seed);
	return new Map(
		parameters(config).map(({ name, shape, fanIn }) => {
			if (fanIn === undefined) return [name, Tensor.full(shape, name.endsWith(".weight") ? 1 : 0)];
			const bound = 1 / Math.sqrt(fanIn);
			return [name, new Tensor("float32", shape, random.uniform(sizeOf(shape), -bound, bound))];
		}),
	);
}

const MASK = /^token_sequence_transformer\.blocks\.\d+\.attention\.causal_mask$/;

/**
 * The parameters of a state dict in their order, checked by name and shape. Causal masks, which the original
 * keeps as buffers, must be what they are always.
 * @throws {ModelError} that lists what is missing or unknown, or gives both shapes
 */
export function parametersOf(
	config: RegressionConfig,
	state: ReadonlyMap<string, Tensor>,
	where = "state dict",
): Map<string, Tensor<"float32">> {
	const declared = parameters(config);
	const known = new Set([...declared.map((p) => p.name), ...maskNames(config)]);
	const missing = declared.filter((p) => !state.has(p.name)).map((p) => p.name);
	const unknown = [...state.keys()].filter((name) => !known.has(name));
	if (missing.length + unknown.length > 0) {
		const list = (names: readonly string[]): string => names.slice(0, 3).join(", ") || "none";
		throw new ModelError(
			`${where}: ${missing.length} tensors missing (${list(missing)}), ${unknown.length} unknown (${list(unknown)})`,
		);
	}
	for (const name of state.keys())
		if (MASK.test(name)) checkMask(where, name, state.get(name) as Tensor, config);
	return new Map(
		declared.map(({ name, shape }) => {
			const tensor = state.get(name) as Tensor;
			if (tensor.shape.join() !== shape.join()) {
				throw new ModelError(
					`${where}: "${name}" is [${tensor.shape.join(", ")}], expected [${shape.join(", ")}]`,
				);
			}
			return [name, tensor.to("float32")];
		}),
	);
}

/** Parameters and causal masks in the original's order. */
export function stateDict(
	config: RegressionConfig,
	weights: ReadonlyMap<string, Tensor<"float32">>,
): Map<string, Tensor<"float32">> {
	const state = new Map<string, Tensor<"float32">>();
	const mask = causalMask(config.nCtx);
	for (const { name } of parameters(config)) {
		if (name.endsWith(".attention.attention.weight")) {
			state.set(name.replace(/attention\.weight$/, "causal_mask"), mask);
		}
		state.set(name, weights.get(name) as Tensor<"float32">);
	}
	return state;
}

function maskNames({ nLayers }: RegressionConfig): string[] {
	return Array.from({ length: nLayers }, (_, l) => `${ROOT}.blocks.${l}.attention.causal_mask`);
}

/** 0 where a key is not later than the query, else -Infinity: [pos, pos]. */
function causalMask(size: number): Tensor<"float32"> {
	const mask = Tensor.full([size, size], Number.NEGATIVE_INFINITY);
	for (let query = 0; query < size; query++) mask.data.fill(0, query * size, query * size + query + 1);
	return mask;
}

function checkMask(where: string, name: string, mask: Tensor, { nCtx }: RegressionConfig): void {
	const expected = causalMask(nCtx);
	const same =
		mask.shape.join() === expected.shape.join() && expected.data.every((v, i) => Number(mask.data[i]) === v);
	if (!same)
		throw new ModelError(`${where}: "${name}" is ${mask}, expected the causal mask of ${nCtx} positions`);
}
