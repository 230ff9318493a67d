/** The modules of a model as things that can be replaced, put back and watched, and what that changes. */
export { ActivationProbe } from "./activation-probe.js";
export { applyBinopDicts, type Metrics, relativeChange } from "./compare.js";
export { PatchError } from "./errors.js";
export { hook } from "./hook.js";
export type { LanguageModules, PatchedList, RegressionBlock, RegressionModules } from "./modules.js";
export { type PatchedModel, type PatchedRegression, patch, patch_ } from "./patch.js";
export type { PatchedModule, Replacement } from "./patched-module.js";
export { type HeadPattern, setHeadsTo, setHeadTo } from "./set-heads.js";
