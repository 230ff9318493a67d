/** Look inside transformers: load a model, see its attention, find its induction heads, change what a head does. */
export type { G, HookFn, HookSite, ModuleFn, ModuleNode } from "./graph/trace.js";
export type { Value } from "./graph/value.js";
export { ActivationCache, type ResidualStack, type StackOptions } from "./hooks/activation-cache.js";
export { HookError } from "./hooks/hook-error.js";
export { actName } from "./hooks/points.js";
export type { HookPoint, Names } from "./hooks/select.js";
export {
	type Donor,
	type Intervention,
	InterventionError,
	parseInterventions,
} from "./interventions/index.js";
export type { Ids } from "./models/batch.js";
export { type Dimensions, type Family, ModelError } from "./models/family.js";
export { KeyValueCache, type KeyValueOptions } from "./models/key-value-cache.js";
export { type LoadModelOptions, loadCheckpoint, loadModel, openModel } from "./models/load-model.js";
export { Model } from "./models/model.js";
export { nextTokenLoss } from "./models/next-token-loss.js";
export { FAMILIES, type FamilyEntry } from "./models/registry.js";
export type {
	CacheOptions,
	HostHookFn,
	ModelInput,
	Positions,
	Readout,
	RunOptions,
} from "./models/run-options.js";
export { createEngine, type Engine, EngineError, type EngineOptions } from "./runtime/index.js";
export { type Axis, allclose, type DType, difference, Random, Tensor } from "./tensor/index.js";
export { type Encoding, type Tokenizer, tokenizerFromGguf, tokenizerFromJson } from "./tokenizers/index.js";
export { readSafetensors, WeightsError, writeSafetensors } from "./weights/index.js";
