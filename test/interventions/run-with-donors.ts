/** What is given beside interventions of any kind: donors, another input's values at the points they name, and dictionaries. */
import { type Model, type ModelInput, Random, Tensor } from "../../src/index.js";
import { type Donor, donorPoints, type Intervention } from "../../src/interventions/index.js";
import type { Sae, SaeArchitecture } from "../../src/sae/index.js";

/** Records what a list needs of a donor "donor", and makes "vectors" with an entry "direction" [d_model]. */
export async function donorsFor(
	model: Model,
	list: readonly Intervention[],
	input: ModelInput,
): Promise<Record<string, Donor>> {
	const names = donorPoints(list, { ...model.sizes, dictionaries: dictionariesFor(model) }).get("donor");
	const direction = Tensor.from(Array.from({ length: model.config.dModel }, (_, i) => Math.sin(i + 1)));
	return {
		vectors: { direction },
		...(names && { donor: (await model.runWithCache(input, { names, logits: false })).cache }),
	};
}

/** Random autoencoders with the names that examples use: of the residual stream, with top-k, and a transcoder of layer 0's MLP. */
export function dictionariesFor({ config: { dModel } }: Model): Record<string, Sae> {
	const make = (architecture: SaeArchitecture, hookName: string, hookNameOut = hookName): Sae => {
		const random = new Random(dModel);
		const draw = (shape: number[], scale: number): Tensor<"float32"> => {
			const out = Tensor.zeros(shape);
			for (let i = 0; i < out.size; i++) out.data[i] = scale * random.normal();
			return out;
		};
		const dSae = 12;
		return {
			name: "random",
			architecture,
			transcoder: hookName !== hookNameOut,
			hookName,
			hookNameOut,
			dIn: dModel,
			dOut: dModel,
			dSae,
			...(architecture === "topk" && { k: 7 }),
			normalization: "none",
			joinsHeads: false,
			weights: {
				encoder: draw([dSae, dModel], dModel ** -0.5),
				decoder: draw([dSae, dModel], dModel ** -0.5),
				center: draw([dModel], 0.1),
				decoderBias: draw([dModel], 0.1),
				scale: Tensor.full([dSae], 1),
				bias: draw([dSae], 0.1),
				above: Tensor.full([dSae], Number.NEGATIVE_INFINITY),
			},
		};
	};
	return {
		dictionary: make("standard", "blocks.1.hook_resid_pre"),
		top: make("topk", "blocks.0.hook_mlp_out"),
		transcoder: make("standard", "blocks.0.hook_resid_mid", "blocks.0.hook_mlp_out"),
	};
}
