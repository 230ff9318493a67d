import { headsByLayer } from "../interventions/heads.js";
import type { Intervention, Sizes } from "../interventions/index.js";
import { editsOf } from "../interventions/registry.js";
import { layerOf } from "../models/request.js";

/** One changed run of a sweep: what is changed in it. */
export type Cell = readonly Intervention[];

/** What a sweep has to know of a cell to run no more than the cell changes. */
export interface CellFacts {
	/** The first layer with a change, the number of layers where there is none; undefined where something outside the blocks is changed, or tokens are looked at. */
	readonly layer: number | undefined;
	/** Layers with changes. */
	readonly layers: ReadonlySet<number>;
	/** The first position with a change: positions before it are as in the unchanged run. */
	readonly position: number;
	/** Rows cannot be run apart from each other. */
	readonly mixesRows: boolean;
}

/** Kinds whose change of a position looks at nothing but that position. */
const LOCAL: ReadonlySet<string> = new Set(["zero", "patch", "scale", "add", "freeze", "sae"]);
/** Kinds whose change of a row looks at other rows. */
const MIXING: ReadonlySet<string> = new Set(["mean", "resample"]);

/**
 * @param pos positions of a row
 * @param where what errors call the cell
 * @throws {InterventionError} for what is not understood or does not fit the model
 */
export function factsOf(cell: Cell, sizes: Sizes, pos: number, where: string): CellFacts {
	const layers = editsOf(cell, sizes, where).map(({ point }) => layerOf(point));
	// a pattern of the tokens needs them, and a run that begins at a layer has none
	const looks = cell.some(
		(one) =>
			(one.kind === "replace-pattern" && one.pattern === "induction") ||
			(one.kind === "sae" && readsOtherLayer(one.dictionary, sizes)),
	);
	const positions = cell.map((one) =>
		LOCAL.has(one.kind) && one.positions ? Math.min(...one.positions.map((p) => (p < 0 ? p + pos : p))) : 0,
	);
	return {
		layers: new Set(layers.filter((layer) => layer !== undefined)),
		layer: looks || layers.includes(undefined) ? undefined : Math.min(sizes.nLayers, ...(layers as number[])),
		position: Math.max(0, Math.min(pos, ...positions)),
		mixesRows: cell.some((one) => MIXING.has(one.kind) || one.rows !== undefined),
	};
}

/** Whether a transcoder reads another layer than it changes, so that the layer cannot be run on its own. */
function readsOtherLayer(dictionary: string, { dictionaries = {} }: Sizes): boolean {
	const { hookName = "", hookNameOut = "" } = dictionaries[dictionary] ?? {};
	return layerOf(hookName) !== layerOf(hookNameOut);
}

/** What of a cell acts in one layer, so that the layer can be run on its own. */
export function atLayer(cell: Cell, layer: number, sizes: Sizes): Cell {
	return cell.flatMap((one) => {
		const layers = new Set(editsOf([one], sizes).map(({ point }) => layerOf(point)));
		if (!layers.has(layer)) return [];
		if (layers.size === 1) return [one];
		const { nLayers, nHeads, nKvHeads } = sizes;
		const own = (heads: "all" | readonly string[], count: number): string[] => {
			const found = headsByLayer(heads, { nLayers, nHeads: count }, "heads").get(layer) ?? [];
			return found.map((head) => `${layer}.${head}`);
		};
		const { heads, kvHeads } = one as {
			heads?: "all" | readonly string[];
			kvHeads?: "all" | readonly string[];
		};
		return [
			{
				...one,
				...(heads && { heads: own(heads, nHeads) }),
				...(kvHeads && { kvHeads: own(kvHeads, nKvHeads) }),
				...(!heads && !kvHeads && { layers: [layer] }),
			},
		];
	});
}
