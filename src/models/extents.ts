import { bindFeeds } from "../graph/evaluate.js";
import type { Graph } from "../graph/graph.js";
import { computesExtents, type Provider } from "../graph/op.js";
import { specialize } from "../graph/specialize.js";
import type { Tensor } from "../tensor/index.js";
import type { KeyValueCache } from "./key-value-cache.js";
import { neededFeeds } from "./past-feeds.js";

/** What a run is fed, by name. */
export type Fed = Readonly<Record<string, Tensor>>;

/**
 * A graph as a provider can run it on these feeds: where extents are not computed, each is bound to the number that it
 * has there, so that a program serves that shape alone.
 * @param past as in `neededFeeds`
 */
export function forFeeds(
	graph: Graph,
	provider: Provider,
	feeds: Fed,
	past: KeyValueCache | undefined,
): Graph {
	if (computesExtents(provider)) return graph;
	const declared = graph.inputs
		.filter(({ node }) => node.attributes.role === "feed")
		.map((type) => ({
			name: type.node.attributes.name as string,
			dtype: type.dtype,
			shape: type.shape,
			type,
		}));
	return specialize(graph, bindFeeds(declared, neededFeeds(declared, feeds, past)));
}

/** What of the feeds tells the programs of one graph apart: nothing where a program serves any extents. */
export function shapesOf(provider: Provider, feeds: Fed): unknown {
	if (computesExtents(provider)) return undefined;
	return Object.entries(feeds).map(([name, { shape }]) => [name, shape]);
}
