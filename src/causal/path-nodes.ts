import { actName } from "../hooks/points.js";
import { nearest } from "../hooks/select.js";
import type { Dimensions } from "../models/family.js";
import { reject } from "./errors.js";

/** What writes to the residual stream. */
export interface Sender {
	/** "embed", "resid.2" (the whole stream before layer 2), "5.1" (a head), "attn.5" (a layer's heads), "mlp.5". */
	readonly name: string;
	readonly kind: "embed" | "resid" | "head" | "attn" | "mlp";
	readonly layer: number;
	/** Of a head. */
	readonly head: number;
	/** The point that holds what it writes; of a head its place on the axis of heads there. */
	readonly point: string;
}

/** What reads the residual stream. */
export interface Receiver {
	/** "5.1.q", "5.1.k", "5.1.v" (k and v are those of kv head 1 where heads share them), "mlp.5", "logits". */
	readonly name: string;
	readonly kind: "q" | "k" | "v" | "mlp" | "logits";
	readonly layer: number;
	/** Of q a query head, of k and v a kv head. */
	readonly head: number;
	/** Whether it reads what attention of its layer wrote: an MLP does, unless both read the same stream. */
	readonly behindAttention: boolean;
}

/** What there is of a model. */
interface Sizes extends Pick<Dimensions, "nLayers" | "nHeads" | "nKvHeads"> {
	/** How a block's MLP stands to its attention. Default "behind". */
	readonly mlps?: "behind" | "beside" | "none";
}

/** The sizes of a model, by the points that it has. */
export function sizesOf({ config, hookPoints }: PointedModel): Sizes {
	const known = new Set(hookPoints.map(({ name }) => name));
	const mlps = !known.has(actName("mlp_out", 0))
		? "none"
		: known.has(actName("resid_mid", 0))
			? "behind"
			: "beside";
	return { ...config, mlps };
}

interface PointedModel {
	readonly config: Dimensions;
	readonly hookPoints: readonly { readonly name: string }[];
}

/** What stands for several senders in a list. */
const SENDER_GROUPS: Readonly<Record<string, (sender: Sender) => boolean>> = {
	all: ({ kind }) => kind === "embed" || kind === "head" || kind === "mlp",
	heads: ({ kind }) => kind === "head",
	mlps: ({ kind }) => kind === "mlp",
};

/** What stands for several receivers in a list. */
const RECEIVER_GROUPS: Readonly<Record<string, (receiver: Receiver) => boolean>> = {
	all: () => true,
	q: ({ kind }) => kind === "q",
	k: ({ kind }) => kind === "k",
	v: ({ kind }) => kind === "v",
	mlps: ({ kind }) => kind === "mlp",
};

/**
 * Senders by name, or by "all" (the embedding, every head and MLP, which together are the stream), "heads", "mlps".
 * @throws {CausalError} for what is none of this model, with the nearest
 */
export function sendersOf(names: readonly string[], sizes: Sizes, where = "senders"): Sender[] {
	return chosen(names, allSenders(sizes), SENDER_GROUPS, where);
}

/** Receivers by name, or by "all", "q", "k", "v" (of every head) and "mlps". @throws {CausalError} as `sendersOf` */
export function receiversOf(names: readonly string[], sizes: Sizes, where = "receivers"): Receiver[] {
	return chosen(names, allReceivers(sizes), RECEIVER_GROUPS, where);
}

/** Whether the residual stream carries what a sender wrote to a receiver. */
export function isPath(from: Sender, to: Receiver): boolean {
	const written = { embed: 0, resid: 0, head: 1, attn: 1, mlp: 2 }[from.kind] + 2 * from.layer;
	const read = (to.behindAttention ? 1 : 0) + 2 * to.layer;
	return written <= read;
}

/** How often blocks count their input between both: the power of the family's `residualGrowth`. */
export function blocksBetween(from: Sender, to: Receiver): number {
	const after = from.kind === "embed" || from.kind === "resid" ? from.layer : from.layer + 1;
	return Math.max(0, to.layer - after);
}

function allSenders({ nLayers, nHeads, mlps }: Sizes): Sender[] {
	const point = (kind: Sender["kind"], layer: number): string =>
		actName(
			{ embed: "resid_pre", resid: "resid_pre", head: "result", attn: "attn_out", mlp: "mlp_out" }[kind],
			layer,
		);
	const one = (name: string, kind: Sender["kind"], layer: number, head = 0): Sender => ({
		name,
		kind,
		layer,
		head,
		point: point(kind, layer),
	});
	return [
		one("embed", "embed", 0),
		...range(nLayers).flatMap((l) => [
			one(`resid.${l}`, "resid", l),
			one(`attn.${l}`, "attn", l),
			...range(nHeads).map((h) => one(`${l}.${h}`, "head", l, h)),
			...(mlps === "none" ? [] : [one(`mlp.${l}`, "mlp", l)]),
		]),
	];
}

function allReceivers({ nLayers, nHeads, nKvHeads, mlps = "behind" }: Sizes): Receiver[] {
	const kinds = { q: nHeads, k: nKvHeads, v: nKvHeads } as const;
	const mlp = (layer: number): Receiver => ({
		name: `mlp.${layer}`,
		kind: "mlp",
		layer,
		head: 0,
		behindAttention: mlps === "behind",
	});
	const behindAttention = false;
	return [
		...range(nLayers).flatMap((layer) => [
			...(Object.keys(kinds) as (keyof typeof kinds)[]).flatMap((kind) =>
				range(kinds[kind]).map((head) => ({
					name: `${layer}.${head}.${kind}`,
					kind,
					layer,
					head,
					behindAttention,
				})),
			),
			...(mlps === "none" ? [] : [mlp(layer)]),
		]),
		{ name: "logits", kind: "logits", layer: nLayers, head: 0, behindAttention },
	];
}

function chosen<N extends { readonly name: string }>(
	names: readonly string[],
	all: readonly N[],
	groups: Readonly<Record<string, (node: N) => boolean>>,
	where: string,
): N[] {
	const found = new Set<N>();
	for (const [i, text] of names.entries()) {
		// "L5H1" is "5.1"
		const name = text.trim().replace(/^[lL](\d+)[hH](\d+)/, "$1.$2");
		const one = all.filter(
			(node) => node.name === name || (Object.hasOwn(groups, name) && groups[name]?.(node)),
		);
		if (one.length === 0) {
			const near = nearest(name, [...Object.keys(groups), ...all.map((node) => node.name)], 3).join(", ");
			reject(`${where}[${i}]`, `no "${text}" in this model; nearest: ${near}`);
		}
		for (const node of one) found.add(node);
	}
	if (found.size === 0) reject(where, "the list is empty");
	return all.filter((node) => found.has(node));
}

function range(length: number): number[] {
	return [...Array(length).keys()];
}
