import type { Model } from "../models/model.js";
import { reject } from "./errors.js";

/** What a run takes beside the weights: 768 MiB, so that GPT-2 small at 4 x 64 stays within its weights and 1 GB. */
export const DEFAULT_MEMORY = 768 * 2 ** 20;

/** Rows times positions that may be in one run. */
export interface Limits {
	/** Of a layer. */
	readonly positions: number;
	/** Of the unembedding and the metric. */
	readonly scored: number;
}

/** How much of the memory the logits may take. What is left is shared by a layer with changes and one without. */
const FOR_LOGITS = 0.6;

/** @param length positions of a row */
export function limitsOf(model: Model, length: number, memory: number): Limits {
	return {
		positions: Math.max(1, Math.floor((memory * (1 - FOR_LOGITS)) / (2 * layerBytes(model, length)))),
		scored: Math.max(1, Math.floor((memory * FOR_LOGITS) / logitBytes(model))),
	};
}

/** Bytes for each position that are alive at once in a layer, roughly. */
export function layerBytes({ config }: Model, length: number): number {
	const { nHeads, dHead, dModel, dMlp } = config;
	return 4 * (6 * dMlp + 10 * dModel + 3 * nHeads * (dHead + length));
}

/** Bytes for each scored position: its logits, and what the metric makes of them. */
export function logitBytes({ config }: Model): number {
	return 2.2 * 4 * config.vocab;
}

/** @throws {CausalError} for what is no number of bytes */
export function checkMemory(memory: number): void {
	if (!Number.isFinite(memory) || memory <= 0) reject("memory", `got ${memory}, allowed bytes above 0`);
}
