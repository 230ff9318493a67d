import type { Dimensions, Family } from "../models/family.js";
import type { Model } from "../models/model.js";
import { readUsual, usualWeights, writeUsual } from "../models/weight-layout.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";

/** A model's weights by their usual names while they are changed; all are copies. */
export interface ModelWeights {
	readonly family: Family;
	/** Of the model that they will be: with an unembedding of its own. */
	readonly config: Dimensions;
	/** Names that it has a place for. */
	readonly places: ReadonlySet<string>;
	readonly tensors: Map<string, Tensor<"float32">>;
}

/** A step of processing: changes numbers in place. */
export type Step = (weights: ModelWeights, where: string) => void;

/**
 * A new model of changed weights in the engine of the old one, which stays as it is. Needs the float32 weights twice
 * in memory for the time it takes.
 * @throws {ProcessingError} for a model without log-probabilities, {ModelError} for a family without a layout
 */
export async function processed(model: Model, steps: readonly Step[], where: string): Promise<Model> {
	const { family } = model;
	if (!family.untied) {
		reject(where, `a ${family.name} model has no log-probabilities, which processing is to leave equal`);
	}
	const config = family.untied(model.config);
	const targets = usualWeights(family, config);
	const tensors = new Map<string, Tensor<"float32">>();
	const stored = new Map<string, Promise<Tensor<"float32">>>();
	const read = (name: string): Promise<Tensor<"float32">> => {
		const known = stored.get(name) ?? model.weight(name);
		stored.set(name, known);
		return known;
	};
	const others = new Set(family.weights(config).map(({ name }) => name));
	for (const [name, usual] of targets) {
		others.delete(usual.stored.name);
		const source = model.usualWeights().get(name);
		// the bias of an unembedding that had none
		tensors.set(name, source ? readUsual(source, await read(source.stored.name)) : Tensor.zeros(usual.shape));
	}
	stored.clear();
	const places = new Set(targets.keys());
	for (const step of steps) step({ family, config, places, tensors }, where);

	const made = new Map<string, Tensor<"float32">>();
	for (const { name, shape } of family.weights(config)) {
		if (others.has(name)) made.set(name, await model.weight(name));
		else made.set(name, Tensor.zeros(shape));
	}
	for (const [name, usual] of targets) {
		writeUsual(
			usual,
			tensors.get(name) as Tensor<"float32">,
			(made.get(usual.stored.name) as Tensor<"float32">).data,
		);
		tensors.delete(name);
	}
	return model.withWeights(config, made);
}
