import type { PathPatching } from "../../causal/path-patching.js";
import { matrixFigure, type Range, scoreGrid, sideBySide } from "../../figures/index.js";
import { Tensor } from "../../tensor/index.js";
import type { Listed } from "../actions/attribute.js";

/** A heat map for each point: layers x heads, or layers x positions; with what patching measured beside it. */
export function attributionFigure(
	listed: readonly Listed[],
	tokens: readonly string[],
	model: string,
): string {
	const rows = listed.map(({ point, shown, patched }) => {
		// one scale for both, so that they can be compared
		const range = around0([shown, ...(patched ? [patched] : [])]);
		return [
			heatMap(shown, `Attribution at ${point} of ${model}`, "estimated change", tokens, range),
			...(patched ? [heatMap(patched, `Patching ${point}`, "change", tokens, range)] : []),
		];
	});
	if (rows.flat().length === 1) return rows[0]?.[0] as string;
	return sideBySide({
		rows,
		label: `Attribution at ${listed.map(({ point }) => point).join(", ")} of ${model}`,
	});
}

function heatMap(
	values: Tensor,
	title: string,
	measure: string,
	tokens: readonly string[],
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

/** Senders down, receivers across; a place without a path is 0. */
export function pathFigure(
	{ senders, receivers, values, norms, metric }: PathPatching,
	model: string,
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
