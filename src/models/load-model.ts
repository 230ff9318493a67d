import { createEngine, type Engine, type EngineOptions } from "../runtime/index.js";
import { type Tokenizer, tokenizerFromGguf, tokenizerFromJson } from "../tokenizers/index.js";
import type { Checkpoint, OnProgress } from "../weights/index.js";
import { Model } from "./model.js";
import { resolveModel } from "./resolve.js";

export interface LoadModelOptions {
	/** An engine to use and leave running; by default the model starts one of its own and ends it. */
	engine?: Engine;
	/** Options of that engine. */
	engineOptions?: EngineOptions;
	/** Told how far reading the weights is. */
	onProgress?: OnProgress;
	signal?: AbortSignal;
}

/** Loads the model of an opened checkpoint: its architecture, tokenizer and weights. */
export async function loadCheckpoint(checkpoint: Checkpoint, options: LoadModelOptions = {}): Promise<Model> {
	const { family, config, weights } = resolveModel(checkpoint);
	const tokenizer = tokenizerOf(checkpoint);
	const engine = options.engine ?? (await createEngine(options.engineOptions));
	try {
		const { onProgress, signal } = options;
		const id = await engine.loadWeights(weights, {
			...(onProgress && { onProgress }),
			...(signal && { signal }),
		});
		return new Model(checkpoint.origin, family, config, engine, id, tokenizer, options.engine === undefined);
	} catch (error) {
		if (!options.engine) await engine.dispose();
		throw error;
	}
}

function tokenizerOf({ tokenizer, tokenizerConfig, gguf }: Checkpoint): Tokenizer | undefined {
	if (gguf) return tokenizerFromGguf(gguf.metadata as Record<string, unknown>);
	return tokenizer === undefined ? undefined : tokenizerFromJson(tokenizer, tokenizerConfig);
}
