/** Faults that real conversions and implementations have had, each planted in a copy of a model. */
import { mul } from "../../src/graph/ops/index.js";
import type { Value } from "../../src/graph/value.js";
import { Tensor } from "../../src/tensor/index.js";
import {
	allVisible,
	configured,
	countingPadding,
	edited,
	exchanged,
	type Parts,
	reordered,
	startingAgain,
	weightOf,
	withInputs,
	withPoint,
} from "./plant.js";

export interface Fault {
	readonly name: string;
	/** The model, a folder of test/reference/lm/models. */
	readonly of: string;
	plant(healthy: Parts): Parts;
	/** What a reference names; undefined where its numbers do not show the fault. */
	readonly place: string | undefined;
	/** Every check that sees it without a reference; the others must pass. */
	readonly alone: readonly string[];
}

const layer = (l: number, name: string): string => `model.layers.${l}.${name}.weight`;
const scaleBy =
	(factor: number) =>
	(data: Float32Array): void => {
		for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) * factor;
	};
const fillWith =
	(value: number) =>
	(data: Float32Array): void =>
		void data.fill(value);

/** Channel i of a head from the one that stands there where neighbours are rotated together instead of halves. */
function fromNeighbours(i: number, dHead: number): number {
	const [head, channel] = [Math.floor(i / dHead), i % dHead];
	return head * dHead + (channel % 2) * (dHead / 2) + Math.floor(channel / 2);
}

/** Heads 0, 1, 2, 3 as 0, 2, 1, 3. */
function fromOtherGroup(i: number, dHead: number): number {
	const head = [0, 2, 1, 3][Math.floor(i / dHead)] as number;
	return head * dHead + (i % dHead);
}

/** A square matrix with rows and columns exchanged. */
function transposed(parts: Parts, name: string): Parts {
	const { data: old } = weightOf(parts, name);
	return edited(parts, name, (data, [rows = 0, columns = 0]) => {
		for (let i = 0; i < rows; i++)
			for (let j = 0; j < columns; j++) data[i * columns + j] = old[j * rows + i] as number;
	});
}

/** What is left of float32 numbers in bfloat16. */
function rounded({ dtype, shape, data }: Tensor<"float32">): Tensor<"float32"> {
	const bits = new Uint32Array(data.slice().buffer);
	for (let i = 0; i < bits.length; i++) bits[i] = ((bits[i] as number) + 0x8000) & 0xffff0000;
	return new Tensor(dtype, shape, new Float32Array(bits.buffer));
}

export const FAULTS: readonly Fault[] = [
	{
		name: "a wrong base of the rotary frequencies",
		of: "rand-llama",
		plant: (parts) => configured(parts, { rope_parameters: { rope_type: "default", rope_theta: 5e5 } }),
		place: "layer 0 attention",
		alone: [],
	},
	{
		name: "Llama 3's scaling of the frequencies left out",
		of: "rand-llama-llama3-rope",
		plant: (parts) => configured(parts, { rope_parameters: { rope_type: "default", rope_theta: 1e4 } }),
		place: "layer 0 attention",
		alone: [],
	},
	{
		name: "linear scaling of the frequencies left out",
		of: "rand-llama-linear-rope",
		plant: (parts) => configured(parts, { rope_parameters: { rope_type: "default", rope_theta: 1e4 } }),
		place: "layer 0 attention",
		alone: [],
	},
	{
		name: "rotated neighbours instead of halves",
		of: "rand-llama",
		plant: (parts) =>
			[0, 1, 2].reduce(
				(changed, l) =>
					["self_attn.q_proj", "self_attn.k_proj"].reduce(
						(p, name) => reordered(p, layer(l, name), 0, (i) => fromNeighbours(i, 8)),
						changed,
					),
				parts,
			),
		place: "layer 0 attention",
		alone: [],
	},
	{
		name: "queries rotated and keys not",
		of: "rand-llama",
		plant: (parts) => withPoint(parts, "hook_rot_k", (_, seen) => seen.get("hook_k") as Value),
		place: "layer 0 attention",
		alone: ["rotation"],
	},
	{
		name: "queries and keys exchanged",
		of: "rand-llama",
		plant: (parts) => exchanged(parts, [[layer(1, "self_attn.q_proj"), layer(1, "self_attn.k_proj")]]),
		place: "layer 1 attention",
		alone: [],
	},
	{
		name: "a square matrix transposed",
		of: "rand-llama",
		plant: (parts) => transposed(parts, layer(1, "self_attn.o_proj")),
		place: "layer 1 attention",
		alone: [],
	},
	{
		name: "a bias missing",
		of: "rand-llama-bias-headdim",
		plant: (parts) => edited(parts, "model.layers.1.mlp.down_proj.bias", fillWith(0)),
		place: "layer 1 MLP",
		alone: [],
	},
	{
		name: "a wrong epsilon of the norms",
		of: "rand-gpt2",
		plant: (parts) => configured(parts, { layer_norm_epsilon: 1e-3 }),
		place: "layer 0 attention",
		alone: [],
	},
	{
		name: "positions off by one",
		of: "rand-gpt2",
		plant: (parts) => reordered(parts, "wpe.weight", 0, (row) => Math.max(0, row - 1)),
		place: "embedding",
		alone: [],
	},
	{
		name: "query heads that read another group's keys and values",
		of: "rand-llama-tied-gqa-theta5e5",
		plant: (parts) => {
			const queries = reordered(parts, layer(0, "self_attn.q_proj"), 0, (i) => fromOtherGroup(i, 8));
			return reordered(queries, layer(0, "self_attn.o_proj"), 1, (i) => fromOtherGroup(i, 8));
		},
		place: "layer 0 attention",
		alone: [],
	},
	{
		name: "heads in another order behind the pattern",
		of: "rand-llama",
		plant: (parts) => reordered(parts, layer(2, "self_attn.o_proj"), 1, (i) => (i + 8) % 32),
		place: "layer 2 attention",
		alone: [],
	},
	{
		name: "the exact GELU instead of its approximation",
		of: "rand-gpt2",
		plant: (parts) => configured(parts, { activation_function: "gelu" }),
		place: "layer 0 MLP",
		alone: [],
	},
	{
		name: "scores that are not scaled",
		of: "rand-gpt2",
		plant: (parts) => configured(parts, { scale_attn_weights: false }),
		place: "layer 0 attention",
		alone: [],
	},
	{
		name: "a row of zeros",
		of: "rand-llama",
		plant: (parts) => edited(parts, layer(1, "mlp.up_proj"), (data) => void data.fill(0, 5 * 32, 6 * 32)),
		place: "layer 1 MLP",
		alone: [],
	},
	{
		name: "a weight scaled by 1.01",
		of: "rand-llama",
		plant: (parts) => edited(parts, layer(1, "self_attn.v_proj"), scaleBy(1.01)),
		place: "layer 1 attention",
		alone: [],
	},
	{
		name: "gate and up-projection exchanged",
		of: "rand-llama",
		plant: (parts) => exchanged(parts, [[layer(2, "mlp.gate_proj"), layer(2, "mlp.up_proj")]]),
		place: "layer 2 MLP",
		alone: [],
	},
	{
		name: "two layers exchanged",
		of: "rand-llama",
		plant: (parts) => {
			const first = [...parts.weights.keys()].filter((name) => name.startsWith("model.layers.1."));
			return exchanged(
				parts,
				first.map((name) => [name, name.replace(".1.", ".2.")] as const),
			);
		},
		place: "layer 1 attention",
		alone: [],
	},
	{
		name: "a norm's weights left at 1",
		of: "rand-gpt2",
		plant: (parts) => edited(parts, "h.1.ln_2.weight", fillWith(1)),
		place: "layer 1 MLP",
		alone: [],
	},
	{
		name: "1 added to the final norm's weights",
		of: "rand-llama",
		plant: (parts) =>
			edited(parts, "model.norm.weight", (data) => {
				for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + 1;
			}),
		place: "final norm",
		alone: [],
	},
	{
		name: "the embedding in the place of an unembedding of its own",
		of: "rand-llama",
		plant: (parts) =>
			edited(parts, "lm_head.weight", (data) => data.set(weightOf(parts, "model.embed_tokens.weight").data)),
		place: "unembedding",
		alone: [],
	},
	{
		name: "a number that half precision made infinite",
		of: "rand-llama",
		plant: (parts) =>
			edited(parts, layer(1, "mlp.down_proj"), (data) => void data.fill(Number.POSITIVE_INFINITY, 7, 8)),
		place: "layer 1 MLP",
		alone: ["weights", "finite"],
	},
	{
		name: "activations that overflow",
		of: "rand-llama",
		plant: (parts) =>
			["mlp.gate_proj", "mlp.up_proj"].reduce((p, name) => edited(p, layer(1, name), scaleBy(1e30)), parts),
		place: "layer 1 MLP",
		alone: ["finite"],
	},
	{
		name: "a tokenizer that leaves its BOS out",
		of: "stories260k",
		plant: (parts) => ({ ...parts, tokenizer: withoutBos(parts) }),
		place: "tokenizer",
		alone: [],
	},
	{
		name: "token ids that are off by one",
		of: "stories260k",
		plant: (parts) => reordered(parts, "model.embed_tokens.weight", 0, (row) => (row + 1) % 512),
		place: "embedding",
		alone: ["text"],
	},
	{
		name: "the embedding scaled by the root of the width",
		of: "stories260k",
		plant: ({ family, ...rest }) => ({
			...rest,
			family: { ...family, embed: (t, config, inputs) => mul(family.embed(t, config, inputs), 8) },
		}),
		place: "embedding",
		alone: ["text"],
	},
	{
		name: "queries and keys of the induction heads exchanged",
		of: "natural-gpt2-induction",
		plant: (parts) =>
			edited(parts, "h.1.attn.c_attn.weight", (data, [rows = 0, columns = 0]) => {
				const old = data.slice();
				const width = columns / 3;
				for (let row = 0; row < rows; row++) {
					for (let i = 0; i < 2 * width; i++)
						data[row * columns + i] = old[row * columns + ((i + width) % (2 * width))] as number;
				}
			}),
		place: "layer 1 attention",
		alone: ["text"],
	},
	{
		name: "layers in the wrong order",
		of: "natural-llama-induction",
		plant: (parts) => {
			const first = [...parts.weights.keys()].filter((name) => name.startsWith("model.layers.0."));
			return exchanged(
				parts,
				first.map((name) => [name, name.replace(".0.", ".1.")] as const),
			);
		},
		place: "layer 0 attention",
		alone: ["text"],
	},
	{
		name: "a mask that lets later keys be seen",
		of: "rand-gpt2",
		plant: (parts) => withInputs(parts, allVisible),
		place: "layer 0 attention",
		alone: ["causality", "padding", "cache", "softmax"],
	},
	{
		name: "dropout's factor left on the pattern",
		of: "rand-gpt2",
		plant: (parts) => withPoint(parts, "hook_pattern", (pattern) => mul(pattern, 1 / 0.9)),
		place: "layer 0 attention",
		alone: ["softmax"],
	},
	{
		name: "weights that the engine computes with in half precision",
		of: "rand-llama",
		plant: (parts) => ({
			...parts,
			weights: new Map([...parts.weights].map(([name, tensor]) => [name, rounded(tensor)])),
			stated: parts.weights,
		}),
		place: "embedding",
		alone: ["float64"],
	},
	{
		name: "positions that count padding",
		of: "rand-gpt2",
		plant: (parts) => withInputs(parts, countingPadding),
		place: undefined,
		alone: ["padding"],
	},
	{
		name: "positions that begin again behind a cache",
		of: "rand-llama",
		plant: (parts) => withInputs(parts, startingAgain),
		place: undefined,
		alone: ["cache"],
	},
];

function withoutBos({ tokenizer }: Parts): Parts["tokenizer"] {
	if (!tokenizer) return undefined;
	return {
		...tokenizer,
		addsBos: false,
		encode: (text, options) => tokenizer.encode(text, { bos: false, ...options }),
		decode: (ids, options) => tokenizer.decode(ids, options),
		tokenText: (id) => tokenizer.tokenText(id),
		displayText: (id) => tokenizer.displayText(id),
		idOf: (token) => tokenizer.idOf(token),
	};
}
