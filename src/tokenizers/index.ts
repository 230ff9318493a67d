export type { Encoding, Tokenizer } from "./tokenizer.js";
export { TokenizerError } from "./tokenizer-error.js";
export { tokenizerFromJson } from "./tokenizer-from-json.js";
