import { centres } from "../models/family.js";
import type { Model } from "../models/model.js";
import { processed, type Step } from "./model-weights.js";
import { centerLogits, centerWriting, foldNorms, foldValues } from "./steps.js";

/**
 * Folds every norm's weight and bias into the matrices that read it, which leaves a norm that only centres (LayerNorm)
 * and scales: W <- diag(w) W, bias <- bias + b W; for LayerNorm the columns of W are centred too.
 * @returns a new model in the same engine, of equal logits; to be disposed of
 * @throws {ProcessingError} for a regression model, and norms whose results positions are added to (shortformer)
 */
export function foldLayerNorm(model: Model): Promise<Model> {
	return processed(model, [foldNorms], "foldLayerNorm");
}

/**
 * Takes its mean over d_model off everything that is written to the stream (W_E, W_pos, W_O, b_O, W_out, b_out): every
 * LayerNorm subtracts it anyway.
 * @returns a new model in the same engine, of equal logits; to be disposed of
 * @throws {ProcessingError} for a model with RMSNorm or without norms, which would be changed, and a regression model
 */
export function centerWritingWeights(model: Model): Promise<Model> {
	return processed(model, [centerWriting], "centerWritingWeights");
}

/**
 * Takes the mean over the vocabulary off W_U and b_U.
 * @returns a new model in the same engine, of equal log-probabilities; its logits have mean 0. To be disposed of
 * @throws {ProcessingError} for a model that caps its logits, which would be changed, and a regression model
 */
export function centerUnembed(model: Model): Promise<Model> {
	return processed(model, [centerLogits], "centerUnembed");
}

/**
 * Moves value biases to the output's: b_O <- b_O + sum over heads of b_V W_O, b_V <- 0. Equal as long as the rows of
 * patterns sum to 1, which an intervention may change.
 * @returns a new model in the same engine, of equal logits; to be disposed of
 * @throws {ProcessingError} for a regression model
 */
export function foldValueBiases(model: Model): Promise<Model> {
	return processed(model, [foldValues], "foldValueBiases");
}

/** Which steps are taken; by default all. */
export interface ProcessWeightsOptions {
	readonly foldLayerNorm?: boolean;
	/** Left out for RMSNorm and models without norms, whatever is said here. */
	readonly centerWritingWeights?: boolean;
	/** Left out for capped logits, whatever is said here. */
	readonly centerUnembed?: boolean;
	readonly foldValueBiases?: boolean;
}

/**
 * All steps in TransformerLens' order: `foldLayerNorm`, `centerWritingWeights` (LayerNorm only), `centerUnembed` (not
 * of capped logits),
 * `foldValueBiases`. Tied embeddings become two. The weights are float32, as they are in the engine.
 * @returns a new model in the same engine, of equal log-probabilities; to be disposed of
 * @throws {ProcessingError} for a regression model
 */
export function processWeights(model: Model, options: ProcessWeightsOptions = {}): Promise<Model> {
	const steps: Step[] = [];
	if (options.foldLayerNorm ?? true) steps.push(foldNorms);
	if ((options.centerWritingWeights ?? true) && centres(model.family, model.config))
		steps.push(centerWriting);
	const capped = model.family.logitCap?.(model.config) !== undefined;
	if ((options.centerUnembed ?? true) && !capped) steps.push(centerLogits);
	if (options.foldValueBiases ?? true) steps.push(foldValues);
	return processed(model, steps, "processWeights");
}
