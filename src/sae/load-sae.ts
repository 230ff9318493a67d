import { Tensor } from "../tensor/index.js";
import { type FileRef, loadWeights, readTensorFile, type TensorSpec, withSource } from "../weights/index.js";
import { reject } from "./errors.js";
import type { Sae, SaeWeights } from "./sae.js";
import { parseSaeConfig, type SaeLayout } from "./sae-config.js";

/** How an autoencoder's files are read. */
export interface LoadSaeOptions {
	/**
	 * With `normalize_activations: "expected_average_only_in"`: what activations are multiplied by before they are encoded,
	 * sqrt(d_in) over their mean norm. SAELens does not save it.
	 */
	readonly activationScale?: number;
	readonly signal?: AbortSignal;
	/** Serves URLs. Default: the global one. */
	readonly fetch?: typeof fetch;
}

/** The two files of a folder that SAELens writes. */
export interface SaeFiles {
	readonly config: FileRef;
	readonly weights: FileRef;
	/** What errors call it. */
	readonly name: string;
}

/**
 * Reads a sparse autoencoder or transcoder in SAELens' layout: cfg.json and sae_weights.safetensors.
 * @param folder a path or URL, or the files themselves
 * @throws {SaeError} for a configuration that is not understood, and tensors that are missing, left over or of another
 * shape; {WeightsError} for broken files
 */
export async function loadSae(folder: string | URL | SaeFiles, options: LoadSaeOptions = {}): Promise<Sae> {
	const { config: configFile, weights: weightsFile, name } = filesOf(folder);
	const { activationScale } = options;
	if (activationScale !== undefined && !(activationScale > 0 && Number.isFinite(activationScale)))
		reject("activationScale", `got ${activationScale}, allowed numbers above 0`);
	const access = options.fetch ? { fetch: options.fetch } : {};
	const bytes = await withSource(configFile, access, async (source) => {
		const size = await source.size();
		if (size > MAX_CONFIG) reject(`${name} cfg.json`, `has ${size} bytes, allowed up to ${MAX_CONFIG}`);
		return source.read(0, size);
	});
	const layout = parseSaeConfig(
		parseJson(bytes, `${name} cfg.json`),
		`${name} cfg.json`,
		activationScale !== undefined,
	);
	const { entries } = await withSource(weightsFile, access, readTensorFile);
	// versions before 6 wrote a factor that is 1 unless the autoencoder was tuned with it
	const legacy = entries.has(LEGACY_FACTOR) ? { [LEGACY_FACTOR]: [layout.config.dSae] } : {};
	const shapes: Record<string, readonly number[]> = { ...expectedShapes(layout), ...legacy };
	for (const [entry, { shape }] of entries) {
		const expected = shapes[entry];
		if (!expected) reject(name, `tensor "${entry}" would not be used by "${layout.config.architecture}"`);
		if (shape.join() !== expected.join())
			reject(name, `tensor "${entry}" has shape [${shape.join(", ")}], expected [${expected.join(", ")}]`);
	}
	const tensors = Object.entries(shapes).map(([entry, shape]): TensorSpec => {
		if (!entries.has(entry)) reject(name, `tensor "${entry}" is missing`);
		const turned = entry === "W_enc"; // rows become features
		return {
			name: entry,
			file: 0,
			entry,
			shape: turned ? [...shape].reverse() : shape,
			...(turned && { transform: { kind: "transpose" as const } }),
		};
	});
	const { signal } = options;
	const loaded = await loadWeights(
		{ files: [weightsFile], tensors },
		{ ...access, ...(signal && { signal }) },
	);
	if (loaded.get(LEGACY_FACTOR)?.data.some((factor) => Math.abs(factor - 1) > 1e-5))
		reject(
			name,
			`tensor "${LEGACY_FACTOR}" holds factors other than 1; fine-tuned autoencoders are not supported`,
		);
	return { name, ...layout.config, weights: weightsOf(layout, loaded, activationScale ?? 1) };
}

const MAX_CONFIG = 2 ** 20;
const LEGACY_FACTOR = "scaling_factor";

function filesOf(folder: string | URL | SaeFiles): SaeFiles {
	if (typeof folder === "object" && !(folder instanceof URL)) return folder;
	const name = String(folder).replace(/\/+$/, "");
	const ref = (file: string): FileRef => {
		if (/^https?:/.test(name)) return { url: `${name}/${file}` };
		return {
			path: `${name.startsWith("file:") ? decodeURIComponent(new URL(name).pathname) : name}/${file}`,
		};
	};
	return { name, config: ref("cfg.json"), weights: ref("sae_weights.safetensors") };
}

function parseJson(bytes: Uint8Array, where: string): unknown {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
	} catch (error) {
		reject(where, `is not JSON: ${(error as Error).message}`);
	}
}

/** The tensors that an architecture is made of, as the file holds them. */
function expectedShapes({ config, skip }: SaeLayout): Record<string, readonly number[]> {
	const { architecture, dIn, dOut, dSae } = config;
	return {
		W_enc: [dIn, dSae],
		W_dec: [dSae, dOut],
		b_dec: [dOut],
		...(architecture === "gated" ? { b_gate: [dSae], b_mag: [dSae], r_mag: [dSae] } : { b_enc: [dSae] }),
		...(architecture === "jumprelu" && { threshold: [dSae] }),
		...(skip && { W_skip: [dOut, dIn] }),
	};
}

/** Brings every architecture to the one form of {@link SaeWeights}. */
function weightsOf(
	{ config, centred, byDecoderNorm }: SaeLayout,
	loaded: ReadonlyMap<string, Tensor<"float32">>,
	inputScale: number,
): SaeWeights {
	const { architecture, dIn, dOut, dSae } = config;
	const at = (name: string): Tensor<"float32"> => loaded.get(name) as Tensor<"float32">;
	const vector = (value: (i: number) => number): Tensor<"float32"> =>
		new Tensor(
			"float32",
			[dSae],
			Float32Array.from({ length: dSae }, (_, i) => value(i)),
		);
	const entry = (name: string, i: number): number => at(name).data[i] as number;
	// a scale of the input goes into the encoder, and out of what is decoded
	const outScale = 1 / inputScale;
	const decoderBias = scaled(at("b_dec"), () => outScale);
	const weights: SaeWeights = {
		encoder: scaled(at("W_enc"), () => inputScale),
		decoder: scaled(at("W_dec"), () => outScale),
		center: centred ? decoderBias : Tensor.zeros([dIn]),
		decoderBias,
		...architectureWeights(architecture, entry, vector),
		...(loaded.has("W_skip") && { skip: at("W_skip") }),
	};
	if (!byDecoderNorm) return weights;
	const norms = Array.from({ length: dSae }, (_, i) =>
		norm(weights.decoder.data.subarray(i * dOut, (i + 1) * dOut)),
	);
	const by = (i: number): number => norms[i] as number;
	return {
		...weights,
		encoder: scaled(weights.encoder, by),
		bias: vector((i) => (weights.bias.data[i] as number) * by(i)),
		decoder: scaled(weights.decoder, (i) => 1 / by(i)),
	};
}

function architectureWeights(
	architecture: SaeLayout["config"]["architecture"],
	entry: (name: string, i: number) => number,
	vector: (value: (i: number) => number) => Tensor<"float32">,
): Pick<SaeWeights, "scale" | "bias" | "above"> {
	if (architecture === "gated") {
		return {
			scale: vector((i) => Math.exp(entry("r_mag", i))),
			bias: vector((i) => entry("b_mag", i)),
			above: vector((i) => -entry("b_gate", i)),
		};
	}
	return {
		scale: vector(() => 1),
		bias: vector((i) => entry("b_enc", i)),
		above: vector((i) =>
			architecture === "jumprelu" ? entry("threshold", i) - entry("b_enc", i) : Number.NEGATIVE_INFINITY,
		),
	};
}

/** A tensor with row i times a factor. */
function scaled(tensor: Tensor<"float32">, factor: (row: number) => number): Tensor<"float32"> {
	const width = tensor.shape[1] ?? 1;
	const data = tensor.data.map((x, i) => x * factor(Math.floor(i / width)));
	return new Tensor("float32", tensor.shape, data);
}

function norm(row: Float32Array): number {
	return Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
}
