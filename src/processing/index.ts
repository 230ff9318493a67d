/** Weight processing: other weights of a model that computes the same, in a form that is easier to read. */
export { ProcessingError } from "./errors.js";
export {
	centerUnembed,
	centerWritingWeights,
	foldLayerNorm,
	foldValueBiases,
	type ProcessWeightsOptions,
	processWeights,
} from "./process-weights.js";
