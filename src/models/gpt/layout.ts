import type { Projection } from "../projection.js";
import type { StoredWeight, WeightLayout } from "../weight-layout.js";
import type { GptConfig } from "./config.js";
import { blockNorm, type GptModules, outerNames, positionsName, projections } from "./weights.js";

type Axes = StoredWeight["axes"];

/** Where the weights of the usual names are. */
export function gptLayout(m: GptModules, c: GptConfig): WeightLayout {
	const { embedding, finalNorm, unembedding } = outerNames(m);
	const positions = positionsName(m);
	const before = c.positionOffset;
	return {
		"embed.W_E": { weight: `${embedding}.weight`, axes: ["vocab", "d_model"] },
		...(positions !== undefined && {
			"pos_embed.W_pos": {
				weight: positions,
				axes: ["pos", "d_model"],
				...(before > 0 && { rows: [before, c.nCtx + before] as const }),
			},
		}),
		...Object.assign({}, ...Array.from({ length: c.nLayers }, (_, layer) => blockLayout(m, c, layer))),
		...norm("ln_final", finalNorm),
		"unembed.W_U": { weight: `${c.tied ? embedding : unembedding}.weight`, axes: ["vocab", "d_model"] },
		...(c.unembedBias && { "unembed.b_U": { weight: `${unembedding}.bias`, axes: ["vocab"] } }),
	};
}

function blockLayout(m: GptModules, c: GptConfig, layer: number): WeightLayout {
	const at = `blocks.${layer}`;
	const w = projections(m, c, layer);
	const reading = (["Q", "K", "V"] as const).map((which, part) => {
		const head = which === "Q" ? "head" : "kv_head";
		const own = w[which.toLowerCase() as "q" | "k" | "v"];
		if (own) return affine(`${at}.attn`, which, own, [head, "d_head"], ["d_model"]);
		const out: Axes = c.fused === "by head" ? [head, "part", "d_head"] : ["part", head, "d_head"];
		return affine(`${at}.attn`, which, w.qkv as Projection, out, ["d_model"], { part: [part, 3] });
	});
	return {
		...norm(`${at}.ln1`, blockNorm(m, "ln1", layer)),
		...Object.assign({}, ...reading),
		...affine(`${at}.attn`, "O", w.o, ["d_model"], ["head", "d_head"]),
		...norm(`${at}.ln2`, blockNorm(m, "ln2", layer)),
		...affine(`${at}.mlp`, "in", w.up, ["d_mlp"], ["d_model"]),
		...affine(`${at}.mlp`, "out", w.down, ["d_model"], ["d_mlp"]),
	};
}

/** A matrix stored [out, in], and its bias. */
function affine(
	at: string,
	which: string,
	{ name, bias }: Projection,
	out: Axes,
	inward: Axes,
	place: Pick<StoredWeight, "part"> = {},
): WeightLayout {
	return {
		[`${at}.W_${which}`]: { weight: `${name}.weight`, axes: [...out, ...inward], ...place },
		...(bias && { [`${at}.b_${which}`]: { weight: `${name}.bias`, axes: out, ...place } }),
	};
}

function norm(usual: string, name: string | undefined): WeightLayout {
	if (name === undefined) return {};
	return {
		[`${usual}.w`]: { weight: `${name}.weight`, axes: ["d_model"] },
		[`${usual}.b`]: { weight: `${name}.bias`, axes: ["d_model"] },
	};
}
