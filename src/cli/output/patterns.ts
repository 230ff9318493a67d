import type { Tensor } from "../../tensor/index.js";
import { type HeadCounts, type HeadIndex, nameOfHead } from "../input/heads.js";

/** Attention patterns of some layers on one text. */
export interface Patterns extends HeadCounts {
	/** What they are of: a model's name, or a file's. */
	readonly source: string;
	/** Patterns [head, query, key] by layer; layers that were not asked for may be absent. */
	readonly layers: ReadonlyMap<number, Tensor<"float32">>;
	/** Each token's text along both axes. */
	readonly tokens: { readonly query: readonly string[]; readonly key: readonly string[] };
}

/** One head's pattern [query, key]. */
export function patternOf({ layers, source }: Patterns, head: HeadIndex): Tensor<"float32"> {
	const layer = layers.get(head.layer);
	if (!layer) throw new RangeError(`internal: ${source}: no pattern for head ${nameOfHead(head)}`);
	return layer.select(head.head);
}
