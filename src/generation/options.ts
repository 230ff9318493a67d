import type { Names } from "../hooks/select.js";
import type { Model } from "../models/model.js";
import type { RunOptions } from "../models/run-options.js";
import { reject } from "./errors.js";

/** How a text is continued. */
export interface GenerateOptions
	extends Pick<
		RunOptions,
		"bos" | "signal" | "interventions" | "donors" | "dictionaries" | "hooks" | "patches" | "weights"
	> {
	/** Most tokens to add to each prompt. Default 50; fewer where the model's context ends. */
	readonly maxNewTokens?: number;
	/** 0 (default) takes the likeliest token; above it tokens are drawn, from logits divided by it. */
	readonly temperature?: number;
	/** Draw from so many of the likeliest tokens. Default all. */
	readonly topK?: number;
	/**
	 * Draw from the likeliest tokens that together have at least this probability (nucleus sampling, Holtzman et al. 2020),
	 * after temperature and `topK`. Default 1: all.
	 */
	readonly topP?: number;
	/** The same seed draws the same tokens; each prompt has a stream of its own. Default 0. */
	readonly seed?: number;
	/**
	 * Tokens that end a row, as ids or as the text of one token: they are the last that is given. Default: the tokenizer's
	 * end of text. An empty list stops at none.
	 */
	readonly stop?: readonly (number | string)[];
	/** Points to keep at the new tokens' positions; their last one then costs a run more. Default none. */
	readonly names?: Names;
	/** Keep the logits that each token was chosen from. Default false. */
	readonly logits?: boolean;
}

/** Options with everything filled in and checked. */
export interface Settings {
	readonly maxNewTokens: number;
	readonly temperature: number;
	readonly topK: number;
	readonly topP: number;
	readonly seed: number;
	readonly stop: ReadonlySet<number>;
}

/** @throws {GenerationError} for a value out of range, and one that would have no effect */
export function settingsOf(options: GenerateOptions, model: Model): Settings {
	const { maxNewTokens = 50, temperature = 0, topK, topP, seed } = options;
	const { vocab } = model.config;
	if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1)
		reject("maxNewTokens", `got ${maxNewTokens}, allowed whole numbers from 1`);
	if (!Number.isFinite(temperature) || temperature < 0)
		reject("temperature", `got ${temperature}, allowed numbers from 0 (the likeliest token)`);
	for (const [name, given] of Object.entries({ topK, topP, seed })) {
		if (given !== undefined && temperature === 0)
			reject(name, "has no effect at temperature 0, which draws nothing; give a temperature above 0");
	}
	if (topK !== undefined && (!Number.isInteger(topK) || topK < 1 || topK > vocab))
		reject("topK", `got ${topK}, allowed whole numbers 1..${vocab}`);
	if (topP !== undefined && !(topP > 0 && topP <= 1)) reject("topP", `got ${topP}, allowed above 0 to 1`);
	if (seed !== undefined && !Number.isSafeInteger(seed)) reject("seed", `got ${seed}, allowed whole numbers`);
	return {
		maxNewTokens,
		temperature,
		topK: topK ?? vocab,
		topP: topP ?? 1,
		seed: seed ?? 0,
		stop: stopTokens(options.stop, model),
	};
}

function stopTokens(stop: GenerateOptions["stop"], { tokenizer, config }: Model): Set<number> {
	if (!stop) return new Set(tokenizer?.eosId === undefined ? [] : [tokenizer.eosId]);
	return new Set(
		stop.map((token, i) => {
			const where = `stop[${i}]`;
			if (typeof token === "number") {
				if (Number.isInteger(token) && token >= 0 && token < config.vocab) return token;
				reject(where, `got ${token}, allowed token ids 0..${config.vocab - 1}`);
			}
			if (!tokenizer) reject(where, "the model came without a tokenizer; give token ids");
			const id = tokenizer.idOf(token);
			if (id === undefined)
				reject(where, `${JSON.stringify(token)} is not one token; allowed the text of one, or an id`);
			return id;
		}),
	);
}
