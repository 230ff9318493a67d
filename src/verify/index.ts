/** Checking a loaded model: what holds of every correct one, a text that it must predict, another program's numbers. */
export type { Check, Outcome, Status } from "./check.js";
export { VerifyError } from "./errors.js";
export { type Part, type Reference, readReference } from "./reference.js";
export { CHECKS } from "./registry.js";
export { referenceSnippet } from "./snippet.js";
export type { Subject } from "./subject.js";
export type { TextLosses } from "./text-losses.js";
export {
	type Finding,
	type Verification,
	type VerifyOptions,
	verifyModel,
} from "./verify-model.js";
