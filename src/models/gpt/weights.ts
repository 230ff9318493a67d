import { weight } from "../../graph/ops/index.js";
import type { Norm } from "../../nn/norm.js";
import type { WeightDeclaration } from "../family.js";
import { declare, type Projection } from "../projection.js";
import type { GptConfig } from "./config.js";

/** What an architecture calls its modules. What it does not have is left out. */
export interface GptModules {
	/** In front of the names of all but the unembedding. */
	readonly prefix: string;
	readonly embedding: string;
	/** Learned positions. */
	readonly positions?: string;
	/** In front of a layer's number. */
	readonly blocks: string;
	/** In a block: before attention, and before the MLP. */
	readonly ln1: string;
	readonly ln2?: string;
	/** In a block: queries, keys and values, in matrices of their own or in one. */
	readonly q?: string;
	readonly k?: string;
	readonly v?: string;
	readonly qkv?: string;
	/** In a block: the heads' output, and the MLP's two matrices. */
	readonly o: string;
	readonly up: string;
	readonly down: string;
	readonly finalNorm: string;
	readonly unembedding: string;
}

/** The matrices of a block; q, k and v are absent where `qkv` holds them. */
export type Projections = Readonly<
	Record<"o" | "up" | "down", Projection> & Partial<Record<"q" | "k" | "v" | "qkv", Projection>>
>;

/** Names of the weights outside blocks, without ".weight" and ".bias". */
export function outerNames(
	m: GptModules,
): Readonly<Record<"embedding" | "finalNorm" | "unembedding", string>> {
	return {
		embedding: m.prefix + m.embedding,
		finalNorm: m.prefix + m.finalNorm,
		unembedding: m.unembedding,
	};
}

/** Name of the table of learned positions, where there is one. */
export function positionsName(m: GptModules): string | undefined {
	return m.positions === undefined ? undefined : `${m.prefix}${m.positions}.weight`;
}

/** Name of one of a block's norms, where it has it. */
export function blockNorm(m: GptModules, which: "ln1" | "ln2", layer: number): string | undefined {
	const own = m[which];
	return own === undefined ? undefined : `${m.prefix}${m.blocks}.${layer}.${own}`;
}

export function projections(m: GptModules, c: GptConfig, layer: number): Projections {
	const at = (name: string, input: number, output: number, bias: boolean): Projection => ({
		name: `${m.prefix}${m.blocks}.${layer}.${name}`,
		input,
		output,
		bias,
	});
	const { dModel: d, dMlp } = c;
	const [queries, kv] = [c.nHeads * c.dHead, c.nKvHeads * c.dHead];
	return {
		...(m.q !== undefined && { q: at(m.q, d, queries, c.qkvBias) }),
		...(m.k !== undefined && { k: at(m.k, d, kv, c.qkvBias) }),
		...(m.v !== undefined && { v: at(m.v, d, kv, c.qkvBias) }),
		...(m.qkv !== undefined && { qkv: at(m.qkv, d, queries + 2 * kv, c.qkvBias) }),
		o: at(m.o, queries, d, c.outputBias),
		up: at(m.up, d, dMlp, c.mlpBias),
		down: at(m.down, dMlp, d, c.mlpBias),
	};
}

/** Every weight, in the order of a run. */
export function gptWeights(m: GptModules, c: GptConfig): WeightDeclaration[] {
	const { embedding, finalNorm, unembedding } = outerNames(m);
	const positions = positionsName(m);
	const norm = (name: string | undefined): WeightDeclaration[] =>
		name === undefined
			? []
			: ["weight", "bias"].map((kind) => ({ name: `${name}.${kind}`, shape: [c.dModel] }));
	const layer = (l: number): WeightDeclaration[] => {
		const { o, up, down, ...reading } = projections(m, c, l);
		return [
			...norm(blockNorm(m, "ln1", l)),
			...[...Object.values(reading), o].flatMap(declare),
			...norm(blockNorm(m, "ln2", l)),
			...[up, down].flatMap(declare),
		];
	};
	return [
		{ name: `${embedding}.weight`, shape: [c.vocab, c.dModel] },
		...(positions === undefined ? [] : [{ name: positions, shape: [c.nCtx + c.positionOffset, c.dModel] }]),
		...Array.from({ length: c.nLayers }, (_, l) => layer(l)).flat(),
		...norm(finalNorm),
		...(c.tied ? [] : [{ name: `${unembedding}.weight`, shape: [c.vocab, c.dModel] }]),
		...(c.unembedBias ? [{ name: `${unembedding}.bias`, shape: [c.vocab] }] : []),
	];
}

/** A LayerNorm as values of the graph. */
export function layerNorm(name: string, { dModel, eps }: GptConfig): Norm {
	return {
		kind: "layer",
		eps,
		weight: weight(`${name}.weight`, [dModel]),
		bias: weight(`${name}.bias`, [dModel]),
	};
}
