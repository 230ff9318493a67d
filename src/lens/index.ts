/** Reading the residual stream: what it would predict at each layer, and what each part of it adds to a logit. */
export {
	type DirectAttribution,
	type DirectAttributionOptions,
	directAttribution,
} from "./direct-attribution.js";
export { LensError } from "./errors.js";
export {
	LENS_POINTS,
	type LensAnswer,
	type LensPoint,
	type LogitLens,
	type LogitLensOptions,
	logitLens,
} from "./logit-lens.js";
export { type Part, UNITS, type Unit } from "./parts.js";
export type { PlaceOptions } from "./places.js";
export { type ValueWeightedOptions, valueWeightedPatterns } from "./value-weighted.js";
