export type { Encoding, Tokenizer } from "./tokenizer.js";
export { TokenizerError } from "./tokenizer-error.js";
export { tokenizerFromGguf } from "./tokenizer-from-gguf.js";
export { tokenizerFromJson } from "./tokenizer-from-json.js";
