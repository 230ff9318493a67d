import { matrixFigure, type Range, scoreGrid, sideBySide } from "../figures/index.js";
import { Tensor } from "../tensor/index.js";
import type { PathPatching } from "./path-patching.js";

/** A point's estimates as they are drawn. */
export interface ShownAttribution {
	/** The point's short name. */
	readonly point: string;
	/** [layer, head] or [layer, kv_head], summed over positions; [layer, pos] at points without heads. */
	readonly shown: Tensor;
	/** What patching measured in the same places. */
	readonly patched?: Tensor;
}

export interface AttributionFigureOptions {
	/** What titles call the model. */
	readonly model: string;
	/** The corrupted row's tokens, by position. Default: positions as numbers. */
	readonly tokens?: readonly string[];
}

/** A heat map for each point: layers x heads, or layers x positions; with what patching measured beside it. */
export function attributionFigure(
	all: readonly ShownAttribution[],
	{ model, tokens }: AttributionFigureOptions,
): string {
	const rows = all.map(({ point, shown, patched }) => {
		// one scale for both, so that they can be compared
		const range = around0([shown, ...(patched ? [patched] : [])]);
		return [
			heatMap(shown, `Attribution at ${point} of ${model}`, "estimated change", tokens, range),
			...(patched ? [heatMap(patched, `Patching ${point}`, "change", tokens, range)] : []),
		];
	});
	const figures = rows.flat();
	if (figures.length === 1) return figures[0] as string;
	return sideBySide({
		rows,
		label: `Attribution at ${all.map(({ point }) => point).join(", ")} of ${model}`,
	});
}

/** Changes of the metric by path: senders down, receivers across; a place without a path is 0. */
export function pathFigure(
	{ senders, receivers, values, norms, metric }: PathPatching,
	{ model }: Pick<AttributionFigureOptions, "model">,
): string {
	const data = values.data.map((value) => (Number.isNaN(value) ? 0 : value));
	const shown = new Tensor("float64", values.shape, data);
	return matrixFigure({
		values: shown,
		range: around0([shown]),
		title: `Paths of ${model}`,
		notes: [`${norms} norms; no path is 0`],
		measure: `change of ${metric}`,
		rows: { title: "sender", labels: senders },
		columns: { title: "receiver", labels: receivers },
	});
}

function heatMap(
	values: Tensor,
	title: string,
	measure: string,
	tokens: readonly string[] | undefined,
	range: Range,
): string {
	if (values.axes?.[1] !== "pos") return scoreGrid({ values, title, measure, range, diverging: true });
	return matrixFigure({
		values,
		title,
		measure,
		range,
		rows: { title: "layer" },
		columns: { title: "position", labels: tokens },
	});
}

/** A range with 0 in its middle that holds every value. */
function around0(all: readonly Tensor[]): Range {
	const most =
		Math.max(...all.map(({ data }) => Math.max(...Array.from(data as Float64Array, Math.abs)))) || 1;
	return [-most, most];
}
