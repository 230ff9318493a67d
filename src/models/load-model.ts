import { openCheckpoint } from "#checkpoint";
import { createEngine, type Engine, type EngineOptions } from "../runtime/index.js";
import { type Tokenizer, tokenizerFromJson } from "../tokenizers/index.js";
import type { Checkpoint, CheckpointOptions } from "../weights/index.js";
import { Model } from "./model.js";
import { formsOf, type HoldWeights, quantise } from "./quantise.js";
import { resolveModel } from "./resolve.js";

export interface LoadModelOptions extends CheckpointOptions {
	/** An engine to use and leave running; by default the model starts one of its own and ends it. */
	engine?: Engine;
	/** Options of that engine. */
	engineOptions?: EngineOptions;
	/**
	 * How the engine holds the weights: as float32 in memory ("bound"), in their float32 files ("mapped", faster for many
	 * runs of one kind), or "quantised", the matrices of a GGUF file in its own blocks. Default "quantised" for GGUF files
	 * of more than a billion parameters on the CPU, else "bound".
	 */
	weights?: HoldWeights;
}

/** The models that come with the package, by name: they load without a network. */
export const DEMO_MODELS: ReadonlySet<string> = new Set(["demo", "demo-llama"]);

/**
 * Loads a model: "demo" or "demo-llama" (embedded), a Hugging Face folder, a `.gguf` file, or a hub id
 * `owner/name`, which is fetched into the cache that all Hugging Face tools share. "demo@400" is the model as it
 * was after step 400 of its training; so it is for every folder that has `checkpoints/<step>.safetensors`.
 * @throws {WeightsError} for files that are missing or broken, {ModelError} for a model that is not understood.
 */
export async function loadModel(ref = "demo", options: LoadModelOptions = {}): Promise<Model> {
	return loadCheckpoint(await openModel(ref, options), options);
}

/** Reads what a model reference stands for, weights' headers included, but not the weights. */
export async function openModel(ref: string, options: CheckpointOptions = {}): Promise<Checkpoint> {
	const [, base = ref, step] = /^(.+)@(\d{1,15})$/.exec(ref) ?? [];
	const embedded = DEMO_MODELS.has(base);
	const checkpoint = await openCheckpoint(embedded ? demoFolder(base).href : base, {
		...options,
		...(step !== undefined && { step: Number(step) }),
	});
	return embedded || step !== undefined ? { ...checkpoint, origin: ref } : checkpoint;
}

/** Where the files of an embedded model are. */
export function demoFolder(name: string): URL {
	return new URL(`../../assets/${name}/`, import.meta.url);
}

/** Loads the model of an opened checkpoint: its architecture, tokenizer and weights. */
export async function loadCheckpoint(checkpoint: Checkpoint, options: LoadModelOptions = {}): Promise<Model> {
	const resolved = await resolveModel(checkpoint);
	const { family, config } = resolved;
	const tokenizer = await tokenizerOf(checkpoint);
	const engine = options.engine ?? (await createEngine(options.engineOptions));
	try {
		const { onProgress, signal, weights: how } = options;
		const weights = await quantise(resolved.weights, checkpoint, how, engine.provider);
		const id = await engine.loadWeights(weights, {
			...(how === "mapped" && { mode: how }),
			...(onProgress && { onProgress }),
			...(signal && { signal }),
		});
		const owned = options.engine === undefined;
		const forms = formsOf(weights);
		return new Model(checkpoint.origin, family, config, tokenizer, engine, id, owned, { models: 1 }, forms);
	} catch (error) {
		if (!options.engine) await engine.dispose();
		throw error;
	}
}

/** The tokenizer of a model's files, where there is one. */
export async function tokenizerOf({
	tokenizer,
	tokenizerConfig,
	gguf,
}: Checkpoint): Promise<Tokenizer | undefined> {
	if (gguf) {
		// a page that reads no GGUF file does without
		const { tokenizerFromGguf } = await import("../tokenizers/tokenizer-from-gguf.js");
		return tokenizerFromGguf(gguf.metadata as Record<string, unknown>);
	}
	return tokenizer === undefined ? undefined : tokenizerFromJson(tokenizer, tokenizerConfig);
}
