import { layerPatterns } from "../figures/index.js";
import { tokenNames } from "../tasks/regression/tokens.js";
import type { Tensor } from "../tensor/index.js";
import { compose } from "./compose.js";
import { ActivationError } from "./error.js";
import { getAttention } from "./get-attention.js";

/** Titles of the figures that `plotActivations` makes. */
export interface PlotOptions {
	/** Default `Attention`; the sample's number follows where there are several. */
	readonly title?: string;
}

/**
 * Draws attention patterns: one figure for each sample, with layers down and heads across.
 * @param patterns for each layer [batch, head, query, key], as `getAttention` gives them
 * @returns SVG for each sample
 * @throws {ActivationError} for no layers and layers of different batches
 */
export function plotActivations(patterns: readonly Tensor[], options: PlotOptions = {}): string[] {
	const { title = "Attention" } = options;
	const [batch, , queries] = patterns[0]?.shape ?? [];
	if (batch === undefined || queries === undefined || patterns.some((p) => p.shape[0] !== batch)) {
		const shapes = patterns.map((p) => `[${p.shape.join(", ")}]`).join(", ");
		throw new ActivationError(
			`plotActivations: patterns ${shapes || "none"}, allowed [batch, head, query, key] for each layer`,
		);
	}
	return Array.from({ length: batch }, (_, sample) =>
		layerPatterns({
			patterns: patterns.map((pattern) => pattern.select(sample)),
			labels: tokenNames(queries),
			title: batch === 1 ? title : `${title}, sample ${sample}`,
		}),
	);
}

/** Runs a model and draws its attention: a figure for each sample. */
export const getAndPlotActivations: (...args: Parameters<typeof getAttention>) => Promise<string[]> = compose(
	(patterns: Tensor[]) => plotActivations(patterns),
	getAttention,
);
