import { nearest } from "../hooks/select.js";
import { headsByLayer } from "../interventions/heads.js";
import type { Intervention } from "../interventions/index.js";
import type { Model } from "../models/model.js";
import type { Cell } from "./cells.js";
import { reject } from "./errors.js";
import { range } from "./rows.js";
import { CLEAN } from "./run-cells.js";

/** An intervention without its heads, which a sweep puts in. Features of autoencoders have none: see `runCells`. */
export type AblationTemplate = Without<
	Exclude<Intervention, { kind: "sae" }>,
	"heads" | "kvHeads" | "layers"
>;

/** Each member of a union without some of its fields. */
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** Makes the cell in which some heads are ablated. */
type MakeCell = (heads: string[], model: Model) => Cell;

const KINDS = {
	/** z becomes 0: the head writes nothing. */
	zero: (heads) => [{ kind: "zero", heads }],
	/** z becomes its mean over rows and positions. */
	mean: (heads) => [{ kind: "mean", heads, over: "batch-and-pos" }],
	/** z becomes another row's. */
	resample: (heads) => [{ kind: "resample", heads }],
	/**
	 * z becomes 0 while every later pattern stays that of the unchanged run: what later heads attend to cannot change, only
	 * what they move (pattern-preserving ablation, Olsson et al. 2022).
	 */
	"frozen-patterns": (heads, { config }) => {
		const first = Math.min(...headsByLayer(heads, config, "heads").keys());
		const layers = range(first + 1, config.nLayers);
		const zero: Intervention = { kind: "zero", heads };
		return layers.length === 0 ? [zero] : [zero, { kind: "freeze", at: "pattern", layers, from: CLEAN }];
	},
} as const satisfies Readonly<Record<string, MakeCell>>;

/** How a head is taken away. */
export type AblationKind = keyof typeof KINDS;

/** Every kind of ablation by name. */
export const ABLATION_KINDS = Object.keys(KINDS) as readonly AblationKind[];

/**
 * How cells are made of heads: by a name, or by the data of any intervention that works on heads.
 * @throws {CausalError} for a name that is none, and an intervention that heads have no part in
 */
export function ablationOf(kind: AblationKind | AblationTemplate): { name: string; cell: MakeCell } {
	if (typeof kind !== "string") {
		if ((kind.kind as string) === "sae")
			reject("kind", "features of an autoencoder belong to no head; runCells sweeps them");
		return { name: kind.kind, cell: (heads) => [{ ...kind, heads } as Intervention] };
	}
	if (Object.hasOwn(KINDS, kind)) return { name: kind, cell: KINDS[kind] };
	const near = nearest(kind, ABLATION_KINDS, 1)[0];
	reject("kind", `no ablation "${kind}"; nearest: ${near}; allowed ${ABLATION_KINDS.join(", ")}`);
}

/**
 * Heads in the model's order, each once: "5.1".
 * @throws {InterventionError} for what is no head of the model
 */
export function headsToAblate(heads: "all" | readonly string[], { config }: Model): string[] {
	if (heads.length === 0) reject("heads", "the list is empty");
	const byLayer = headsByLayer(heads, config, "heads");
	return [...byLayer]
		.sort(([a], [b]) => a - b)
		.flatMap(([layer, own]) => [...own].sort((a, b) => a - b).map((head) => `${layer}.${head}`));
}
