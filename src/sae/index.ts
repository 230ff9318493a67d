/** Sparse autoencoders and transcoders in SAELens' layout: read them, see what they make of a run. */
export { SaeError } from "./errors.js";
export { type LoadSaeOptions, loadSae, type SaeFiles } from "./load-sae.js";
export type { Sae, SaeArchitecture, SaeConfig, SaeNormalization, SaeWeights } from "./sae.js";
export { type ActiveFeature, type SaeActivations, saeFeatures, topFeatures } from "./sae-features.js";
