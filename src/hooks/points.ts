import type { Axis } from "../tensor/index.js";

/** One kind of hook point: the last part of its name. */
interface PointKind {
	readonly axes: readonly Axis[];
	/** Axes of the point's other rank: norms and inputs split by head. */
	readonly other?: readonly Axis[];
}

const residual: PointKind = { axes: ["batch", "pos", "d_model"] };
const perHeadInput: PointKind = { axes: ["batch", "pos", "head", "d_model"] };
const square: PointKind = { axes: ["batch", "head", "query", "key"] };
const heads: PointKind = { axes: ["batch", "pos", "head", "d_head"] };
const kvHeads: PointKind = { axes: ["batch", "pos", "kv_head", "d_head"] };
const mlp: PointKind = { axes: ["batch", "pos", "d_mlp"] };
/** Queries or keys in and behind their norm: by head, or all heads' channels as one vector. */
const normedHeads = (head: Axis): PointKind => ({
	axes: ["batch", head, "pos", "d_head"],
	other: ["batch", "pos", "d_head"],
});
const normalized: PointKind = {
	axes: ["batch", "pos", "d_model"],
	other: ["batch", "pos", "head", "d_model"],
};

/** Axes of every hook point, by the last part of its name or the last two (TransformerLens' classic contract). */
const KINDS: Readonly<Record<string, PointKind>> = {
	hook_embed: residual,
	hook_pos_embed: residual,
	hook_resid_pre: residual,
	hook_resid_mid: residual,
	hook_resid_post: residual,
	hook_attn_out: residual,
	hook_mlp_out: residual,
	hook_mlp_in: residual,
	hook_out: residual,
	hook_scale: normalized,
	hook_normalized: normalized,
	hook_attn_in: perHeadInput,
	hook_q_input: perHeadInput,
	hook_k_input: { axes: ["batch", "pos", "kv_head", "d_model"] },
	hook_v_input: { axes: ["batch", "pos", "kv_head", "d_model"] },
	hook_result: perHeadInput,
	hook_q: heads,
	hook_k: kvHeads,
	hook_v: kvHeads,
	hook_rot_q: heads,
	hook_rot_k: kvHeads,
	hook_q_normed: normedHeads("head"),
	"q_norm.hook_scale": normedHeads("head"),
	"q_norm.hook_normalized": normedHeads("head"),
	hook_k_normed: normedHeads("kv_head"),
	"k_norm.hook_scale": normedHeads("kv_head"),
	"k_norm.hook_normalized": normedHeads("kv_head"),
	hook_z: heads,
	hook_attn_scores: square,
	hook_pattern: square,
	hook_pre: mlp,
	hook_pre_linear: mlp,
	hook_post: mlp,
};

/** Names of a point's axes, or undefined for a module's output whose axes are not known by name. */
export function axesOf(name: string, rank: number): readonly Axis[] | undefined {
	const [last = "", before] = name.split(".").reverse();
	const kind = KINDS[`${before}.${last}`] ?? KINDS[last];
	return [kind?.axes, kind?.other].find((axes) => axes?.length === rank);
}

/** The axis along which a point's positions lie: "pos", or the queries of a pattern. */
export function positionAxis(name: string, rank: number): number | undefined {
	const at = axesOf(name, rank)?.findIndex((axis) => axis === "pos" || axis === "query") ?? -1;
	return at < 0 ? undefined : at;
}

/** Names that TransformerLens' bridge (3.x and 4.x) uses, to the classic ones. */
const ALIASES: readonly (readonly [RegExp, string])[] = [
	[/^embed\.hook_out$/, "hook_embed"],
	[/^pos_embed\.hook_out$/, "hook_pos_embed"],
	[/^(blocks\.\d+)\.hook_in$/, "$1.hook_resid_pre"],
	[/^(blocks\.\d+)\.hook_out$/, "$1.hook_resid_post"],
	[/^(blocks\.\d+)\.ln2\.hook_in$/, "$1.hook_resid_mid"],
	[/^(blocks\.\d+\.attn)\.([qkv])\.hook_out$/, "$1.hook_$2"],
	[/^(blocks\.\d+\.attn)\.o\.hook_in$/, "$1.hook_z"],
	// a point of its own where a norm stands behind the module
	[/^(blocks\.\d+\.(?:attn|mlp))\.hook_out$/, "$1.hook_out"],
	[/^(blocks\.\d+)\.(attn|mlp)\.hook_out$/, "$1.hook_$2_out"],
	[/^(blocks\.\d+)\.ln1_post\.hook_out$/, "$1.hook_attn_out"],
	[/^(blocks\.\d+)\.ln2_post\.hook_out$/, "$1.hook_mlp_out"],
	[/^(blocks\.\d+\.attn)\.([qk])_norm\.hook_out$/, "$1.hook_$2_normed"],
	[/^(blocks\.\d+\.mlp)\.gate\.hook_out$/, "$1.hook_pre"],
	// the up-projection: beside a gate it is hook_pre_linear, alone hook_pre
	[/^(blocks\.\d+\.mlp)\.in\.hook_out$/, "$1.hook_pre_linear"],
	[/^(blocks\.\d+\.mlp)\.in\.hook_out$/, "$1.hook_pre"],
	[/^(blocks\.\d+\.mlp)\.out\.hook_in$/, "$1.hook_post"],
];

/**
 * The classic name behind an alias; any other name is returned as it is.
 * @param exists whether the model has a point of that name
 */
export function canonicalName(name: string, exists: (name: string) => boolean): string {
	const meant = ALIASES.filter(([alias]) => alias.test(name)).map(([alias, classic]) =>
		name.replace(alias, classic),
	);
	return meant.find(exists) ?? meant[0] ?? name;
}

const SHORT_IN_ATTENTION = new Set([
	"q",
	"k",
	"v",
	"z",
	"rot_q",
	"rot_k",
	"q_normed",
	"k_normed",
	"attn_scores",
	"pattern",
	"result",
]);
const SHORT_IN_MLP = new Set(["pre", "pre_linear", "post"]);
const SHORT_SYNONYMS: Readonly<Record<string, string>> = {
	attn: "pattern",
	attn_logits: "attn_scores",
	key: "k",
	query: "q",
	value: "v",
	mlp_pre: "pre",
	mlp_post: "post",
};

/**
 * The full name of a point: `actName("pattern", 5)` is "blocks.5.attn.hook_pattern", `actName("embed")`
 * "hook_embed", `actName("scale", 2, "ln1")` "blocks.2.ln1.hook_scale", without layer "ln_final.hook_scale".
 */
export function actName(short: string, layer?: number, module?: string): string {
	if (short.includes("hook_")) return short;
	const name = SHORT_SYNONYMS[short] ?? short;
	if (layer === undefined) {
		return name === "scale" || name === "normalized"
			? `${module ?? "ln_final"}.hook_${name}`
			: `hook_${name}`;
	}
	const inside =
		module ?? (SHORT_IN_ATTENTION.has(name) ? "attn" : SHORT_IN_MLP.has(name) ? "mlp" : undefined);
	return `blocks.${layer}.${inside ? `${inside}.` : ""}hook_${name}`;
}
