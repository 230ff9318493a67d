/** Copies of models with a fault in them, and references that other programs made. */
import { add, cast, constant, cumsum, mul, slice, sub } from "../../src/graph/ops/index.js";
import type { Trace } from "../../src/graph/trace.js";
import type { Value } from "../../src/graph/value.js";
import type { Dimensions, Family, ModelInputs } from "../../src/models/family.js";
import { loadCheckpoint } from "../../src/models/load-model.js";
import { Model } from "../../src/models/model.js";
import type { Engine } from "../../src/runtime/index.js";
import { Tensor } from "../../src/tensor/index.js";
import type { Tokenizer } from "../../src/tokenizers/index.js";
import { type Reference, readReference } from "../../src/verify/index.js";
import { openCheckpoint } from "../../src/weights/node.js";
import { referenceJson, referencePath, referenceTensors } from "../reference-data.js";

/** What a model is made of. */
export interface Parts {
	readonly family: Family;
	/** config.json, which `config` is read from. */
	readonly raw: Readonly<Record<string, unknown>>;
	readonly config: Dimensions;
	readonly weights: ReadonlyMap<string, Tensor<"float32">>;
	readonly tokenizer: Tokenizer | undefined;
	/** Weights as the engine says it holds them, where it computes with others. */
	readonly stated?: ReadonlyMap<string, Tensor<"float32">>;
}

/** A model of test/reference/lm/models. */
export function openFolder(folder: string, engine: Engine): Promise<Model> {
	return openCheckpoint(referencePath("lm", "models", folder)).then((opened) =>
		loadCheckpoint(opened, { engine }),
	);
}

/** The parts of a model of such a folder. */
export async function partsOf(model: Model, folder: string): Promise<Parts> {
	const { family, config, tokenizer } = model;
	const weights = new Map<string, Tensor<"float32">>();
	for (const { name } of family.weights(config)) weights.set(name, await model.weight(name));
	const raw = referenceJson<Record<string, unknown>>("lm", "models", folder, "config.json");
	return { family, raw, config, weights, tokenizer };
}

/** The model of these parts, in an engine that it leaves running. */
export async function assemble(parts: Parts, engine: Engine): Promise<Model> {
	const { family, config, weights, tokenizer, stated } = parts;
	const told = stated ? statingOther(engine, stated) : engine;
	return new Model("planted", family, config, tokenizer, told, await engine.putWeights(weights), false);
}

/** An engine that tells other weights than it computes with, as one that quantises them would. */
function statingOther(engine: Engine, stated: ReadonlyMap<string, Tensor<"float32">>): Engine {
	return new Proxy(engine, {
		get(target, key) {
			if (key === "readWeight") return async (_: string, name: string) => stated.get(name);
			const found: unknown = Reflect.get(target, key, target);
			return typeof found === "function" ? found.bind(target) : found;
		},
	});
}

/**
 * A reference in the snippet's layout from the numbers of Hugging Face and TransformerLens beside a model.
 * @param text the prompt behind the ids, where it is known
 * @returns undefined where Hugging Face does not have the model, whose last hidden state is behind the final norm
 */
export async function referenceOf(folder: string, text?: string): Promise<Reference | undefined> {
	const stored = await referenceTensors("lm", "models", folder, "reference.safetensors");
	const at = (name: string): Tensor => stored.get(name) as Tensor;
	const layers = [...stored.keys()].filter((name) => name.startsWith("hf.attentions.")).length;
	if (!stored.has(`hf.hidden_states.${layers}`)) return undefined;
	const stacked = (name: string, count: number): Tensor => {
		const parts = Array.from({ length: count }, (_, i) => at(`${name}.${i}`));
		const [first] = parts as [Tensor];
		const data = new Float32Array(count * first.size);
		for (const [i, part] of parts.entries()) data.set(part.data as Float32Array, i * first.size);
		return new Tensor("float32", [count, ...first.shape], data);
	};
	const tensors = new Map<string, Tensor>([
		["input_ids", at("input_ids")],
		["logits", at("hf.logits")],
		["hidden_states", stacked("hf.hidden_states", layers + 1)],
		["attentions", stacked("hf.attentions", layers)],
	]);
	for (let l = 0; l < layers; l++) {
		const parts = { self_attn: "hook_attn_out", mlp: "hook_mlp_out", "": "hook_resid_post" };
		for (const [part, hook] of Object.entries(parts)) {
			const found = stored.get(`tl.blocks.${l}.${hook}`);
			if (found) tensors.set(`layers.${l}${part && `.${part}`}`, found);
		}
	}
	return readReference({ tensors, metadata: text === undefined ? {} : { text } });
}

/** The parts with another config.json. */
export function configured(parts: Parts, change: Readonly<Record<string, unknown>>): Parts {
	const raw = { ...parts.raw, ...change };
	return { ...parts, raw, config: parts.family.parseConfig(raw) };
}

/** The parts with a weight's numbers changed by `edit`, which is given a copy. */
export function edited(
	parts: Parts,
	name: string,
	edit: (data: Float32Array, shape: readonly number[]) => void,
): Parts {
	const tensor = weightOf(parts, name);
	const data = tensor.data.slice();
	edit(data, tensor.shape);
	return { ...parts, weights: new Map(parts.weights).set(name, new Tensor("float32", tensor.shape, data)) };
}

/** The parts with the weights of `pairs` exchanged. */
export function exchanged(parts: Parts, pairs: readonly (readonly [string, string])[]): Parts {
	const weights = new Map(parts.weights);
	for (const [a, b] of pairs) weights.set(a, weightOf(parts, b)).set(b, weightOf(parts, a));
	return { ...parts, weights };
}

/** The parts with a matrix's rows, or its columns, in another order: row i is what was row `from(i)`. */
export function reordered(parts: Parts, name: string, axis: 0 | 1, from: (i: number) => number): Parts {
	const { data: old } = weightOf(parts, name);
	return edited(parts, name, (data, shape) => {
		const columns = shape[1] as number;
		for (let at = 0; at < data.length; at++) {
			const [row, column] = [Math.floor(at / columns), at % columns];
			const source = axis === 0 ? from(row) * columns + column : row * columns + from(column);
			data[at] = old[source] as number;
		}
	});
}

export function weightOf({ weights }: Parts, name: string): Tensor<"float32"> {
	const found = weights.get(name);
	if (!found) throw new Error(`no weight ${name}; there are ${[...weights.keys()].join(", ")}`);
	return found;
}

/** The parts with inputs of every layer, and of the embedding, changed on the way. */
export function withInputs(parts: Parts, change: (inputs: ModelInputs) => ModelInputs): Parts {
	const { family } = parts;
	const changed: Family = {
		...family,
		embed: (t, config, inputs) => family.embed(t, config, change(inputs)),
		block: (t, config, layer, resid, inputs) => family.block(t, config, layer, resid, change(inputs)),
	};
	return { ...parts, family: changed };
}

/** The parts with the value of a point in every layer replaced before anybody sees it. `seen` are points of the block before it. */
export function withPoint(
	parts: Parts,
	point: string,
	replace: (value: Value, seen: ReadonlyMap<string, Value>) => Value,
): Parts {
	const { family } = parts;
	const block: Family["block"] = (t: Trace, ...rest) => {
		const hook = t.hook;
		const seen = new Map<string, Value>();
		t.hook = (name, value) => {
			const used = name === point ? replace(value, seen) : value;
			seen.set(name, used);
			return hook.call(t, name, used);
		};
		try {
			return family.block(t, ...rest);
		} finally {
			t.hook = hook;
		}
	};
	return { ...parts, family: { ...family, block } };
}

/** Everything is visible. */
export function allVisible(inputs: ModelInputs): ModelInputs {
	const mask = constant(Tensor.full([1, 1], 1, "bool"));
	return { ...inputs, mask, windowed: () => mask };
}

/** Positions that begin at 0 behind a past too. */
export function startingAgain(inputs: ModelInputs): ModelInputs {
	const { past, positions } = inputs;
	return past ? { ...inputs, positions: sub(positions, slice(positions, -1, 0, 1)) } : inputs;
}

/** Positions of padded rows that count padding. */
export function countingPadding(inputs: ModelInputs): ModelInputs {
	const { padded, positions } = inputs;
	if (!padded) return inputs;
	const ones = add(mul(cast(positions, "float32"), 0), 1);
	return { ...inputs, positions: cast(sub(cumsum(ones), 1), "int32") };
}
