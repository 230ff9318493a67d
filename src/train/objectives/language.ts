import { initialLanguageWeights, type LanguageModel, languageLoss } from "../../models/language-loss.js";
import { sizeOf, type Tensor } from "../../tensor/index.js";
import { reject } from "../errors.js";
import type { Objective } from "./objective.js";

/** Sequences are counted in tokens; fed are "tokens" int32 [batch, length] and "positions" int32 [length]. */
export const languageObjective: Objective<LanguageModel> = {
	name: "language",
	doc: "cross-entropy of next tokens, for every family of language models",
	parameters: ({ family, config }) => family.weights(config),
	initialWeights: initialLanguageWeights,
	loss: languageLoss,
	// the names of Hugging Face's files, so that a checkpoint opens as a model
	stateDict: (_, weights) => weights,
	readState: ({ family, config }, state, where) => {
		const declared = family.weights(config);
		const unknown = [...state.keys()].find((name) => !declared.some((d) => d.name === name));
		if (unknown !== undefined) reject(where, `has a tensor "${unknown}" that a ${family.name} has not`);
		return new Map(
			declared.map(({ name, shape }) => {
				const tensor = state.get(name);
				if (tensor?.dtype !== "float32" || tensor.size !== sizeOf(shape)) {
					return reject(where, `"${name}" is ${tensor ?? "missing"}, expected float32[${shape.join(", ")}]`);
				}
				return [name, tensor as Tensor<"float32">];
			}),
		);
	},
};
