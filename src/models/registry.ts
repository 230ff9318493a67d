import type { Family } from "./family.js";

/** How a model family is recognised. Its code is loaded when a model of it is, so that a page fetches no other. */
export interface FamilyEntry {
	/** `model_type` of config.json, which tells the family where a configuration names no architecture. */
	readonly name: string;
	/** `architectures` entries of config.json. */
	readonly architectures: readonly string[];
	/** `general.architecture` of GGUF files; absent where the family is not read from them. */
	readonly gguf?: string;
	load(): Promise<Family>;
}

/** Every model family there is: a new architecture is one file and one line here. */
export const FAMILIES = [
	{
		name: "gpt2",
		architectures: ["GPT2LMHeadModel", "GPT2Model"],
		gguf: "gpt2",
		load: async () => (await import("./gpt2.js")).gpt2,
	},
	{
		name: "llama",
		architectures: ["LlamaForCausalLM", "LlamaModel"],
		gguf: "llama",
		load: async () => (await import("./llama.js")).llama,
	},
	{
		name: "qwen2",
		architectures: ["Qwen2ForCausalLM", "Qwen2Model"],
		gguf: "qwen2",
		load: async () => (await import("./qwen2.js")).qwen2,
	},
	{
		name: "qwen3",
		architectures: ["Qwen3ForCausalLM", "Qwen3Model"],
		gguf: "qwen3",
		load: async () => (await import("./qwen3.js")).qwen3,
	},
	{
		name: "mistral",
		architectures: ["MistralForCausalLM", "MistralModel"],
		load: async () => (await import("./mistral.js")).mistral,
	},
	{
		name: "gemma",
		architectures: ["GemmaForCausalLM", "GemmaModel"],
		gguf: "gemma",
		load: async () => (await import("./gemma.js")).gemma,
	},
	{
		name: "gemma2",
		architectures: ["Gemma2ForCausalLM", "Gemma2Model"],
		gguf: "gemma2",
		load: async () => (await import("./gemma2.js")).gemma2,
	},
	{
		name: "gemma3_text",
		architectures: ["Gemma3ForCausalLM", "Gemma3TextModel"],
		gguf: "gemma3",
		load: async () => (await import("./gemma3.js")).gemma3,
	},
	{
		name: "phi3",
		architectures: ["Phi3ForCausalLM", "Phi3Model"],
		gguf: "phi3",
		load: async () => (await import("./phi3.js")).phi3,
	},
	{
		name: "olmo2",
		architectures: ["Olmo2ForCausalLM", "Olmo2Model"],
		gguf: "olmo2",
		load: async () => (await import("./olmo2.js")).olmo2,
	},
	{
		name: "smollm3",
		architectures: ["SmolLM3ForCausalLM", "SmolLM3Model"],
		gguf: "smollm3",
		load: async () => (await import("./smollm3.js")).smollm3,
	},
	{
		name: "gpt_neox",
		architectures: ["GPTNeoXForCausalLM"],
		gguf: "gptneox",
		load: async () => (await import("./gpt-neox.js")).gptNeox,
	},
	{
		name: "gptj",
		architectures: ["GPTJForCausalLM"],
		load: async () => (await import("./gpt-j.js")).gptj,
	},
	{
		name: "gpt_neo",
		architectures: ["GPTNeoForCausalLM", "GPTNeoModel"],
		load: async () => (await import("./gpt-neo.js")).gptNeo,
	},
	{
		name: "opt",
		architectures: ["OPTForCausalLM", "OPTModel"],
		load: async () => (await import("./opt.js")).opt,
	},
	{
		name: "phi",
		architectures: ["PhiForCausalLM"],
		gguf: "phi2",
		load: async () => (await import("./phi.js")).phi,
	},
	{
		name: "hooked_transformer",
		architectures: ["HookedTransformer"],
		load: async () => (await import("./hooked-transformer.js")).hookedTransformer,
	},
] as readonly unknown[] as readonly FamilyEntry[];

/** The family of a configuration in Hugging Face's form, by its architecture and never by its name; undefined for an unknown one. */
export function familyOf(config: unknown): FamilyEntry | undefined {
	const named = architecturesOf(config);
	const type = (config as { model_type?: unknown }).model_type;
	return FAMILIES.find(({ name, architectures }) =>
		named.length > 0 ? named.some((one) => architectures.includes(one)) : name === type,
	);
}

/** The architectures that a configuration names, as text. */
export function architecturesOf(config: unknown): readonly string[] {
	const { architectures } = config as { architectures?: unknown };
	return Array.isArray(architectures)
		? architectures.map((one) => (typeof one === "string" ? one : JSON.stringify(one)))
		: [];
}
