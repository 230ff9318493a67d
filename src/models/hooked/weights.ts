import { weight } from "../../graph/ops/index.js";
import type { Norm } from "../../nn/norm.js";
import type { WeightDeclaration } from "../family.js";
import type { StoredWeight, WeightLayout } from "../weight-layout.js";
import type { HookedConfig } from "./config.js";

/** Name, shape and axes of every weight: the usual names are the names in the file. */
function stored(c: HookedConfig): (WeightDeclaration & Pick<StoredWeight, "axes">)[] {
	const { nHeads, dHead, dModel: d, dMlp, vocab, nCtx } = c;
	type Entry = readonly [name: string, shape: number[], axes: StoredWeight["axes"]];
	const norm = (at: string): Entry[] =>
		c.normalization === "LN"
			? [
					[`${at}.w`, [d], ["d_model"]],
					[`${at}.b`, [d], ["d_model"]],
				]
			: [];
	const reading = (at: string): Entry[] =>
		(["Q", "K", "V"] as const).flatMap((which): Entry[] => {
			const head = which === "Q" ? "head" : "kv_head";
			return [
				[`${at}.W_${which}`, [nHeads, d, dHead], [head, "d_model", "d_head"]],
				[`${at}.b_${which}`, [nHeads, dHead], [head, "d_head"]],
			];
		});
	const mlp = (at: string): Entry[] => [
		...norm(`${at}.ln2`),
		[`${at}.mlp.W_in`, [d, dMlp], ["d_model", "d_mlp"]],
		[`${at}.mlp.b_in`, [dMlp], ["d_mlp"]],
		[`${at}.mlp.W_out`, [dMlp, d], ["d_mlp", "d_model"]],
		[`${at}.mlp.b_out`, [d], ["d_model"]],
	];
	const block = (at: string): Entry[] => [
		...norm(`${at}.ln1`),
		...reading(`${at}.attn`),
		[`${at}.attn.W_O`, [nHeads, dHead, d], ["head", "d_head", "d_model"]],
		[`${at}.attn.b_O`, [d], ["d_model"]],
		...(c.attnOnly ? [] : mlp(at)),
	];
	const entries: Entry[] = [
		["embed.W_E", [vocab, d], ["vocab", "d_model"]],
		["pos_embed.W_pos", [nCtx, d], ["pos", "d_model"]],
		...Array.from({ length: c.nLayers }, (_, l) => block(`blocks.${l}`)).flat(),
		...norm("ln_final"),
		["unembed.W_U", [d, vocab], ["d_model", "vocab"]],
		["unembed.b_U", [vocab], ["vocab"]],
	];
	return entries.map(([name, shape, axes]) => ({ name, shape, axes }));
}

/** Every weight, in the order of a run. */
export function hookedWeights(c: HookedConfig): WeightDeclaration[] {
	return stored(c).map(({ name, shape }) => ({ name, shape }));
}

/** Where the weights of the usual names are: under these names. */
export function hookedLayout(c: HookedConfig): WeightLayout {
	return Object.fromEntries(stored(c).map(({ name, axes }) => [name, { weight: name, axes }]));
}

/** A norm as values of the graph. */
export function hookedNorm(at: string, { dModel, eps, normalization }: HookedConfig): Norm {
	return {
		kind: "layer",
		eps,
		...(normalization === "LN" && {
			weight: weight(`${at}.w`, [dModel]),
			bias: weight(`${at}.b`, [dModel]),
		}),
	};
}
