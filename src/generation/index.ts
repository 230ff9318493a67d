/** Continuing text: greedy or sampled, token by token, with interventions on and activations kept. */
export { GenerationError } from "./errors.js";
export { type Continuation, generate } from "./generate.js";
export type { GenerateOptions } from "./options.js";
export type { Prompt } from "./pack-prompts.js";
export { type End, type NewToken, streamTokens } from "./stream-tokens.js";
