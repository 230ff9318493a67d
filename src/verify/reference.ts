import type { Tensor } from "../tensor/index.js";
import type { SafetensorsContent } from "../weights/index.js";
import { reject } from "./errors.js";

/** Parts of a layer that the snippet keeps the outputs of. */
export type Part = "block" | "attention" | "MLP";

/** What another program computed with the same model. */
export interface Reference {
	/** The text behind the ids, where the file tells it. */
	readonly text?: string | undefined;
	/** [batch][pos], without padding. */
	readonly ids: readonly (readonly number[])[];
	/** [batch, pos, vocab] */
	readonly logits: Tensor;
	/**
	 * [batch, pos, d_model]: the stream before layer 0, 1, ... and last, as Hugging Face has it, what comes out of the
	 * final norm.
	 */
	readonly hiddenStates: readonly Tensor[];
	/** [batch, head, query, key] of each layer; empty where the file has none. */
	readonly attentions: readonly Tensor[];
	/** Outputs [batch, pos, d_model] of parts of layers: they say where between two hidden states a fault is. */
	part(layer: number, part: Part): Tensor | undefined;
}

/** Names of what Hugging Face calls the layers, and of the parts in them. */
const PART = /^(?:layers|h|blocks)\.(\d+)(?:\.(?:(self_attn|attn|attention)|(mlp)))?$/;

const WHOLE = ["input_ids", "logits", "hidden_states", "attentions"];

/**
 * Understands the tensors of a reference: `input_ids` [batch, pos], `logits` [batch, pos, vocab], `hidden_states`
 * [layers + 1, batch, pos, d_model], perhaps `attentions` [layers, batch, head, query, key], and perhaps outputs of
 * layers and their parts, "layers.3", "layers.3.self_attn", "h.3.mlp". The snippet writes all of them.
 * @throws {VerifyError} for tensors that are missing, unknown or do not fit each other
 */
export function readReference({
	tensors,
	metadata,
}: Pick<SafetensorsContent, "tensors" | "metadata">): Reference {
	const parts = new Map<string, Tensor>();
	for (const [name, tensor] of tensors) {
		const found = PART.exec(name);
		if (found)
			parts.set(keyOf(Number(found[1]), found[2] ? "attention" : found[3] ? "MLP" : "block"), tensor);
		else if (!WHOLE.includes(name))
			reject(
				"reference",
				`unknown tensor "${name}", allowed: ${WHOLE.join(", ")}, layers.N, layers.N.self_attn, layers.N.mlp`,
			);
	}
	const at = (name: string, rank: number): Tensor => {
		const tensor = tensors.get(name);
		if (!tensor)
			return reject(
				"reference",
				`lacks "${name}"; it holds ${[...tensors.keys()].slice(0, 8).join(", ") || "nothing"}`,
			);
		if (tensor.shape.length !== rank) reject("reference", `"${name}" must have ${rank} axes, got ${tensor}`);
		return tensor;
	};
	const ids = at("input_ids", 2);
	const logits = at("logits", 3);
	const states = at("hidden_states", 4);
	const [batch, pos] = ids.shape as [number, number];
	const fits = (name: string, tensor: Tensor, axis: number): void => {
		if (tensor.shape[axis] === batch && (name === "attentions" || tensor.shape[axis + 1] === pos)) return;
		reject("reference", `"${name}" is ${tensor}, which does not fit input_ids [${batch}, ${pos}]`);
	};
	fits("logits", logits, 0);
	fits("hidden_states", states, 1);
	const attentions = tensors.has("attentions") ? at("attentions", 5) : undefined;
	if (attentions) fits("attentions", attentions, 1);
	return {
		text: metadata.text,
		ids: ids.toNested() as number[][],
		logits,
		hiddenStates: layersOf(states),
		attentions: attentions ? layersOf(attentions) : [],
		part: (layer, part) => parts.get(keyOf(layer, part)),
	};
}

function keyOf(layer: number, part: Part): string {
	return `${layer} ${part}`;
}

function layersOf(stacked: Tensor): Tensor[] {
	return Array.from({ length: stacked.shape[0] as number }, (_, layer) => stacked.select(layer));
}
