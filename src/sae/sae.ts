import type { Tensor } from "../tensor/index.js";

/** What decides which features are active. */
export type SaeArchitecture = "standard" | "gated" | "jumprelu" | "topk";

/** How the input is scaled before it is encoded; the reconstruction is scaled back. */
export type SaeNormalization = "none" | "constant_norm_rescale" | "layer_norm";

/** What a sparse autoencoder or transcoder is and where it belongs. */
export interface SaeConfig {
	readonly architecture: SaeArchitecture;
	/** A transcoder reads one point and predicts another; an autoencoder reconstructs the one it reads. */
	readonly transcoder: boolean;
	/** The hook point that it reads. */
	readonly hookName: string;
	/** The hook point that its features write to; equal to `hookName` for an autoencoder. */
	readonly hookNameOut: string;
	readonly dIn: number;
	readonly dOut: number;
	/** Number of features. */
	readonly dSae: number;
	/** Of "topk": how many features are active at a position. */
	readonly k?: number;
	readonly normalization: SaeNormalization;
	/** The value's heads stand side by side: [batch, pos, head, d_head] is read as [batch, pos, head * d_head]. */
	readonly joinsHeads: boolean;
}

/**
 * Weights in one form for every architecture. With u = encoder (x - center), x normalized, feature i is
 * relu(scale_i u_i + bias_i) where u_i > above_i and 0 elsewhere; "topk" keeps the k largest of these.
 */
export interface SaeWeights {
	/** [d_sae, d_in]: a row is a feature's direction in the input. */
	readonly encoder: Tensor<"float32">;
	/** [d_sae, d_out]: a row is what a feature of activation 1 writes. */
	readonly decoder: Tensor<"float32">;
	/** [d_in]: the decoder's bias where it is subtracted from the input, else 0. */
	readonly center: Tensor<"float32">;
	/** [d_sae] */
	readonly scale: Tensor<"float32">;
	/** [d_sae] */
	readonly bias: Tensor<"float32">;
	/** [d_sae]; -Infinity where nothing but the rectifier decides. */
	readonly above: Tensor<"float32">;
	/** [d_out] */
	readonly decoderBias: Tensor<"float32">;
	/** [d_out, d_in]: what a transcoder passes on beside its features. */
	readonly skip?: Tensor<"float32">;
}

/** A sparse autoencoder or transcoder. */
export interface Sae extends SaeConfig {
	/** Where it came from, as the user named it. */
	readonly name: string;
	readonly weights: SaeWeights;
}
