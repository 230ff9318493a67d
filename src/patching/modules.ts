import type { PatchedModule } from "./patched-module.js";

/** A list of modules: by number, in a loop, and as a whole. */
export type PatchedList<M extends PatchedModule = PatchedModule> = PatchedModule &
	Iterable<M> & { readonly [index: number]: M };

/** A block of the regression transformer. */
export type RegressionBlock = PatchedModule & {
	readonly attention: PatchedModule & {
		readonly attention: PatchedModule;
		readonly attention_softmax: PatchedModule;
		/** Only with `include_output`. */
		readonly output?: PatchedModule;
	};
	readonly compute: PatchedList;
	readonly layer_norms: PatchedList;
	readonly resid_after_attn: PatchedModule;
};

/** The regression transformer's modules, under the original's names. */
export interface RegressionModules {
	readonly token_sequence_transformer: PatchedModule & {
		readonly token_embedding: PatchedModule;
		readonly blocks: PatchedList<RegressionBlock>;
		/** A bare linear module without members where the model has no norms. */
		readonly unembedding: PatchedList;
	};
}

/** A language model's modules. */
export interface LanguageModules {
	readonly blocks: PatchedList<
		PatchedModule & {
			readonly ln1: PatchedModule;
			readonly attn: PatchedModule;
			readonly ln2: PatchedModule;
			readonly mlp: PatchedModule;
		}
	>;
	readonly ln_final: PatchedModule;
	readonly unembed: PatchedModule;
}
