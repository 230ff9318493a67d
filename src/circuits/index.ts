/** What a head's matrices say without any input: OV and QK circuits, and how heads compose. */
export {
	COMPOSITIONS,
	type Composition,
	type CompositionOptions,
	type CompositionScores,
	compositionScores,
} from "./composition.js";
export { copyingEigenvalues } from "./copying-eigenvalues.js";
export { CircuitError } from "./errors.js";
export { type Complex, FactoredMatrix } from "./factored-matrix.js";
export { fullOvCircuit, fullQkCircuit, ovCircuit, qkCircuit } from "./head-circuits.js";
export type { CircuitOptions } from "./head-matrices.js";
export { attendedTokens, promotedTokens, type TopTokens, type TopTokensOptions } from "./top-tokens.js";
