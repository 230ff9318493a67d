import type { Model } from "../models/model.js";

/** Something that writes to the residual stream, or a bias that is added to the logits. */
export interface Part {
	/**
	 * "embed", "pos_embed", "0_attn_out", "0_mlp_out", a head "L0H1", a neuron "L0N12", "0_other_neurons", or a bias by
	 * its usual name: "blocks.0.attn.b_O", "ln_final.b", "unembed.b_U".
	 */
	readonly label: string;
	readonly kind: "embed" | "attn" | "head" | "mlp" | "neuron" | "bias";
	readonly layer?: number;
	readonly head?: number;
	/** Absent for the rest of a layer's neurons. */
	readonly neuron?: number;
}

/** How finely the stream is taken apart. */
export const UNITS = ["component", "head", "neuron"] as const;
/** One of `UNITS`. */
export type Unit = (typeof UNITS)[number];

/** Where a group of parts is read in the graph. */
export type Source =
	/** A point [batch, pos, d_model], or with heads [batch, pos, head, d_model]. */
	(
		| { readonly from: "point"; readonly name: string }
		/** Neurons: a point [batch, pos, d_mlp] and the matrix that it is multiplied with. */
		| { readonly from: "neurons"; readonly name: string; readonly matrix: string }
		/** A bias [d_model] that is added to the stream. */
		| { readonly from: "bias"; readonly name: string }
	) & {
		/** The norm between it and the stream: "blocks.0.ln1_post". */
		readonly norm?: string | undefined;
	};

/** Parts that are read together. */
export interface Group {
	readonly source: Source;
	readonly parts: readonly Part[];
	/** How often the final stream counts it: see `Family.residualGrowth`. */
	readonly factor: number;
}

/** Everything that adds up to the final residual stream, in the order of the run. */
export function streamGroups(model: Model, unit: Unit): Group[] {
	const { nLayers, nHeads, dMlp } = model.config;
	const growth = model.family.residualGrowth ?? 1;
	const weights = model.usualWeights();
	const known = new Set(model.hookPoints().map(({ name }) => name));
	const hasPositions = known.has("hook_pos_embed") && !model.family.positionsApart?.(model.config);
	const point = (name: string, parts: readonly Part[], after: number, norm?: string): Group => ({
		source: { from: "point", name, norm },
		parts,
		factor: growth ** after,
	});
	const bias = (name: string, layer: number, after: number, norm?: string): Group[] =>
		weights.has(name)
			? [
					{
						source: { from: "bias", name, norm },
						parts: [{ label: name, kind: "bias", layer }],
						factor: growth ** after,
					},
				]
			: [];
	const inLayer = (layer: number): Group[] => {
		const at = `blocks.${layer}`;
		const after = nLayers - 1 - layer;
		const behind = (module: string): string | undefined =>
			weights.has(`${at}.${module}.w`) ? `${at}.${module}` : undefined;
		const [attnNorm, mlpNorm] = [behind("ln1_post"), behind("ln2_post")];
		const heads = Array.from(
			{ length: nHeads },
			(_, head): Part => ({ label: `L${layer}H${head}`, kind: "head", layer, head }),
		);
		const neurons = Array.from(
			{ length: dMlp },
			(_, neuron): Part => ({ label: `L${layer}N${neuron}`, kind: "neuron", layer, neuron }),
		);
		const attn =
			unit === "head"
				? [
						point(`${at}.attn.hook_result`, heads, after, attnNorm),
						...bias(`${at}.attn.b_O`, layer, after, attnNorm),
					]
				: [point(`${at}.hook_attn_out`, [{ label: `${layer}_attn_out`, kind: "attn", layer }], after)];
		if (!known.has(`${at}.hook_mlp_out`)) return attn; // a block of attention alone
		if (unit !== "neuron")
			return [
				...attn,
				point(`${at}.hook_mlp_out`, [{ label: `${layer}_mlp_out`, kind: "mlp", layer }], after),
			];
		const matrix = `${at}.mlp.W_out`;
		const source = { from: "neurons", name: `${at}.mlp.hook_post`, matrix, norm: mlpNorm } as const;
		return [
			...attn,
			{ source, parts: neurons, factor: growth ** after },
			...bias(`${at}.mlp.b_out`, layer, after, mlpNorm),
		];
	};
	return [
		point("hook_embed", [{ label: "embed", kind: "embed" }], nLayers),
		...(hasPositions ? [point("hook_pos_embed", [{ label: "pos_embed", kind: "embed" }], nLayers)] : []),
		...Array.from({ length: nLayers }, (_, layer) => inLayer(layer)).flat(),
	];
}
