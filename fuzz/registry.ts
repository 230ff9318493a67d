import type { Target } from "./target.js";

/** Every reader that is fuzzed: a new one is a file and a line here. */
export const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
	safetensors: async () => (await import("./targets/safetensors.js")).safetensors,
	gguf: async () => (await import("./targets/gguf.js")).gguf,
	torch: async () => (await import("./targets/torch.js")).torch,
	tokenizer: async () => (await import("./targets/tokenizer.js")).tokenizer,
	folder: async () => (await import("./targets/folder.js")).folder,
	config: async () => (await import("./targets/config.js")).config,
	sweep: async () => (await import("./targets/sweep.js")).sweep,
	experiment: async () => (await import("./targets/experiment.js")).experiment,
	address: async () => (await import("./targets/address.js")).address,
};
