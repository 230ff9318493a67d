/** The reference's prompts with what it read of them. */
import { loadModel, type Model, type Tensor } from "../../src/index.js";
import type { Engine } from "../../src/runtime/index.js";
import { smollm2 } from "../real-models.js";
import { referenceJson, referencePath, referenceTensors } from "../reference-data.js";

export interface Pair {
	readonly ids: Tensor<"int32">;
	readonly answer: number;
	readonly wrong: number;
	/** Logit difference on the clean prompt. */
	readonly clean: number;
	/** `lens_*` and `dla_*` */
	at(key: string): Tensor;
	readonly keys: readonly string[];
}

const NAMES = {
	"tiny-gpt2-induction": ["ioi", "induction"],
	"tiny-llama-induction": ["ioi", "induction"],
	stories260k: ["pronoun", "induction"],
	"smollm2-135m": ["capital", "ioi"],
} as const;

export type PairModel = keyof typeof NAMES;

/** Models and prompts that are there, with the reason for those that are not. */
export const PAIRS: readonly (readonly [PairModel, string])[] = Object.entries(NAMES).flatMap(
	([model, pairs]) => pairs.map((pair) => [model as PairModel, pair] as const),
);

export const isThere = (model: PairModel): boolean => model !== "smollm2-135m" || !smollm2.reason;

const loaded = new Map<PairModel, Promise<Model>>();

/** Loaded once for all its prompts; it lives as long as the engine. */
export function loadPairModel(model: PairModel, engine: Engine): Promise<Model> {
	const path = model === "smollm2-135m" ? smollm2.path : referencePath("lm", "models", model);
	const known = loaded.get(model) ?? loadModel(path, { engine });
	loaded.set(model, known);
	return known;
}

export async function readPair(model: PairModel, name: string): Promise<Pair> {
	const folder = ["lm", "scores", model];
	const { [name]: about } = referenceJson<Record<string, { answer: number; wrong: number; clean: number }>>(
		...folder,
		"patching.json",
	);
	const prompts = await referenceTensors(...folder, "patching.safetensors");
	const read = await referenceTensors(...folder, "lens.safetensors");
	if (!about) throw new Error(`no pair ${name}`);
	const prefix = `pair.${name}.`;
	const at = (key: string): Tensor => {
		const found = read.get(prefix + key);
		if (!found) throw new Error(`no ${prefix}${key}`);
		return found;
	};
	const keys = [...read.keys()]
		.filter((key) => key.startsWith(prefix))
		.map((key) => key.slice(prefix.length));
	return { ...about, ids: prompts.get(`${prefix}clean_ids`)?.to("int32") as Tensor<"int32">, at, keys };
}
