/** Models: loading them, finding the family of a checkpoint, and what an architecture says of itself. */
export type { Ids } from "./batch.js";
export {
	type Dimensions,
	type Family,
	type GgufLayout,
	type KeysAndValues,
	ModelError,
	type ModelInputs,
	type WeightDeclaration,
} from "./family.js";
export { KeyValueCache, type KeyValueOptions } from "./key-value-cache.js";
export { type LoadModelOptions, loadCheckpoint, loadModel, openModel } from "./load-model.js";
export { Model } from "./model.js";
export { nextTokenLoss } from "./next-token-loss.js";
export { FAMILIES, type FamilyEntry, familyOf } from "./registry.js";
export { type ResolvedModel, resolveModel } from "./resolve.js";
export type {
	CacheOptions,
	HostHookFn,
	ModelInput,
	Positions,
	Readout,
	RunOptions,
} from "./run-options.js";
export type { StoredWeight, UsualWeight, WeightLayout } from "./weight-layout.js";
