import type { Dimensions, Family } from "./family.js";
import { gpt2 } from "./gpt2.js";
import { llama } from "./llama.js";

/** Every model family there is: a new architecture is one file and one line here. */
export const FAMILIES: readonly Family[] = [
	gpt2,
	llama,
] as readonly unknown[] as readonly Family<Dimensions>[];
