import { type Model, Tensor } from "headscope";
import {
	type DirectAttribution,
	type DirectAttributionOptions,
	directAttribution,
	type Part,
} from "headscope/lens";
import type { MethodContext } from "../method.js";
import type { AttributeParams } from "../methods/attribute.js";
import type { Token } from "../rows.js";
import { answerId, likeliest, type NamedToken, namedToken } from "./answers.js";
import { type Both, onlyRow, readBoth } from "./changed-run.js";

/** A logit, or a difference of two, as the sum of what parts of the model wrote. */
export interface Attributed extends Both<AttributedSide> {
	readonly tokens: readonly Token[];
	readonly position: number;
	readonly answer: NamedToken;
	/** Absent where one logit alone is taken apart. */
	readonly wrong?: NamedToken;
}

/** One model's logit. */
export interface AttributedSide {
	/** The logit as the run has it. */
	readonly total: number;
	/** Embedding, attention layers, MLPs and biases; with the remainder they add up to the total. */
	readonly components: readonly PartValue[];
	readonly remainder: number;
	/** float32 [layer, head]. */
	readonly heads: Tensor<"float32">;
	/** The neurons that add most, largest first. */
	readonly neurons: readonly PartValue[];
}

export interface PartValue extends Part {
	readonly value: number;
}

/** Takes a logit apart in the model as it is, and as it is changed. */
export async function attribute(
	given: AttributeParams,
	{ state, signal }: MethodContext<never>,
): Promise<Attributed> {
	const { model } = state.model(given.model);
	const tokens = onlyRow(model, given);
	const ids = tokens.map(({ id }) => id);
	const position = given.position ?? ids.length - 1;
	const answer =
		given.answers === undefined
			? (await likeliest(model, [ids], 1, { position, signal }))[0]?.[0]
			: answerId(model, given.answers, "answers");
	const wrong = given.wrong === undefined ? undefined : answerId(model, given.wrong, "wrong");
	if (wrong === answer) throw new Error("wrong: the same token as the answer, so that nothing is left");
	const options = {
		answers: answer as number,
		...(wrong !== undefined && { wrong }),
		positions: position,
		neurons: given.neurons,
	};
	const both = await readBoth({ host: state.host, model, ids, given }, (run) => {
		signal.throwIfAborted();
		return sideOf(model, ids, { ...options, run: { ...run, signal } });
	});
	return {
		tokens,
		position,
		answer: namedToken(model, answer as number),
		...(wrong !== undefined && { wrong: namedToken(model, wrong) }),
		...both,
	};
}

async function sideOf(
	model: Model,
	ids: readonly number[],
	options: DirectAttributionOptions,
): Promise<AttributedSide> {
	const by = (unit: "component" | "head" | "neuron"): Promise<DirectAttribution> =>
		directAttribution(model, [ids], { ...options, by: unit });
	const components = await by("component");
	const heads = valuesOf(await by("head")).filter(({ kind }) => kind === "head");
	const neurons = valuesOf(await by("neuron")).filter(({ neuron }) => neuron !== undefined);
	const { nLayers, nHeads } = model.config;
	return {
		total: components.total.data[0] as number,
		components: valuesOf(components),
		remainder: components.remainder.data[0] as number,
		heads: new Tensor(
			"float32",
			[nLayers, nHeads],
			Float32Array.from(heads, ({ value }) => value),
			["layer", "head"],
		),
		neurons: neurons.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)),
	};
}

function valuesOf({ parts, values }: DirectAttribution): PartValue[] {
	return parts.map((part, i) => ({ ...part, value: values.data[i] as number }));
}
