/** Small autoencoders as SAELens writes them, and what they compute in plain TypeScript. */
import { mkdirSync, writeFileSync } from "node:fs";
import { Random, Tensor, writeSafetensors } from "../../src/index.js";

/** What a folder is made of: cfg.json and the tensors. */
export interface PlainSae {
	readonly cfg: Record<string, unknown> & { readonly d_in: number; readonly d_sae: number };
	readonly tensors: Readonly<Record<string, Tensor<"float32">>>;
}

/** Random weights for a configuration. Thresholds are positive, so that they matter. */
export function randomSae(cfg: PlainSae["cfg"], seed = 1): PlainSae {
	const random = new Random(seed);
	const { d_in: dIn, d_sae: dSae, architecture = "standard" } = cfg;
	const dOut = (cfg.d_out as number | undefined) ?? dIn;
	const draw = (shape: number[], scale: number, shift = 0): Tensor<"float32"> => {
		const out = Tensor.zeros(shape);
		for (let i = 0; i < out.size; i++) out.data[i] = shift + scale * random.normal();
		return out;
	};
	const named = String(architecture);
	return {
		cfg,
		tensors: {
			W_enc: draw([dIn, dSae], dIn ** -0.5),
			W_dec: draw([dSae, dOut], dOut ** -0.5),
			b_dec: draw([dOut], 0.2),
			...(named === "gated"
				? { b_gate: draw([dSae], 0.1), b_mag: draw([dSae], 0.1), r_mag: draw([dSae], 0.3) }
				: { b_enc: draw([dSae], 0.1) }),
			...(named.startsWith("jumprelu") && { threshold: draw([dSae], 0.05, 0.3) }),
			...(named.includes("skip") && { W_skip: draw([dOut, dIn], 0.1) }),
		},
	};
}

export function writeSae(folder: string, { cfg, tensors }: PlainSae): string {
	mkdirSync(folder, { recursive: true });
	writeFileSync(`${folder}/cfg.json`, JSON.stringify(cfg));
	writeFileSync(`${folder}/sae_weights.safetensors`, writeSafetensors(new Map(Object.entries(tensors))));
	return folder;
}

/** Features of one position, and how a decoded vector gets back to the scale of the input. */
export function encodePlain(
	{ cfg, tensors }: PlainSae,
	x: readonly number[],
): { features: number[]; back: (decoded: readonly number[]) => number[]; mean: number } {
	const at = (name: string, ...index: number[]): number => (tensors[name] as Tensor).at(...index);
	const { d_in: dIn, d_sae: dSae } = cfg;
	const architecture = String(cfg.architecture ?? "standard");
	const transcoder = architecture.includes("transcoder");
	let input = [...x];
	let [factor, mean] = [1, 0];
	if (cfg.normalize_activations === "constant_norm_rescale") {
		factor = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)) / Math.sqrt(dIn);
		input = input.map((v) => v / factor);
	}
	if (cfg.normalize_activations === "layer_norm") {
		mean = x.reduce((a, b) => a + b, 0) / dIn;
		factor = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (dIn - 1));
		input = input.map((v) => (v - mean) / (factor + 1e-5));
	}
	const centred = !transcoder && cfg.apply_b_dec_to_input !== false;
	if (centred) input = input.map((v, i) => v - at("b_dec", i));
	const project = (i: number): number => input.reduce((sum, v, j) => sum + v * at("W_enc", j, i), 0);
	const relu = (v: number): number => Math.max(0, v);
	const all = Array.from({ length: dSae }, (_, i) => i);
	const early = cfg.activation_fn_kwargs as { k: number } | undefined;
	const k = (cfg.k as number | undefined) ?? early?.k ?? dSae;
	let features: number[];
	if (architecture === "gated") {
		features = all.map((i) =>
			project(i) + at("b_gate", i) > 0 ? relu(project(i) * Math.exp(at("r_mag", i)) + at("b_mag", i)) : 0,
		);
	} else {
		const decoderNorm = (i: number): number =>
			Math.sqrt(
				Array.from((tensors.W_dec as Tensor<"float32">).select(i).data).reduce((s, v) => s + v * v, 0),
			);
		const pre = all.map(
			(i) => (project(i) + at("b_enc", i)) * (cfg.rescale_acts_by_decoder_norm ? decoderNorm(i) : 1),
		);
		const kth = [...pre].sort((a, b) => b - a)[k - 1] as number;
		features = pre.map((v, i) => {
			if (architecture.startsWith("jumprelu")) return v > at("threshold", i) ? relu(v) : 0;
			return v >= kth ? relu(v) : 0;
		});
	}
	const scaleBack = transcoder ? 1 : factor;
	return {
		features,
		back: (decoded) => decoded.map((v) => v * scaleBack),
		mean: transcoder ? 0 : mean,
	};
}

/** What features write, without the decoder's bias. */
export function decodePlain({ cfg, tensors }: PlainSae, features: readonly number[]): number[] {
	const decoder = tensors.W_dec as Tensor<"float32">;
	const norm = (i: number): number =>
		cfg.rescale_acts_by_decoder_norm ? Math.sqrt(decoder.select(i).data.reduce((s, v) => s + v * v, 0)) : 1;
	return Array.from({ length: decoder.shape[1] as number }, (_, j) =>
		features.reduce((sum, f, i) => sum + (f / norm(i)) * decoder.at(i, j), 0),
	);
}
