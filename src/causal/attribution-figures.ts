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

/** Most senders and receivers in a figure: of more, those with the strongest paths are drawn. */
const MOST_SENDERS = 24;
const MOST_RECEIVERS = 48;

/**
 * Changes of the metric by path: senders down, receivers across; places without a path are 0, and a note says so. Of more than 24
 * senders or 48 receivers those with the strongest paths are drawn, and a note says that too.
 */
export function pathFigure(
	{ senders, receivers, values, norms, mlps, metric }: PathPatching,
	{ model }: Pick<AttributionFigureOptions, "model">,
): string {
	const at = (s: number, r: number): number => {
		const value = values.at(s, r);
		return Number.isNaN(value) ? 0 : value;
	};
	const most = (count: number, other: number, size: (i: number, j: number) => number): number[] => {
		const strength = [...Array(count).keys()].map((i) =>
			Math.max(...[...Array(other).keys()].map((j) => Math.abs(size(i, j)))),
		);
		return [...strength.keys()].sort((a, b) => (strength[b] as number) - (strength[a] as number));
	};
	const kept = (order: readonly number[], limit: number): number[] =>
		order.slice(0, limit).sort((a, b) => a - b);
	const rows = kept(most(senders.length, receivers.length, at), MOST_SENDERS);
	const columns = kept(
		most(receivers.length, senders.length, (r, s) => at(s, r)),
		MOST_RECEIVERS,
	);
	const shown = Tensor.from(
		rows.map((s) => columns.map((r) => at(s, r))),
		"float64",
	);
	const missing = rows.some((s) => columns.some((r) => Number.isNaN(values.at(s, r))));
	const cut = [
		...(rows.length < senders.length ? [`${rows.length} of ${senders.length} senders`] : []),
		...(columns.length < receivers.length ? [`${columns.length} of ${receivers.length} receivers`] : []),
	];
	return matrixFigure({
		values: shown,
		range: around0([shown]),
		title: `Paths of ${model}`,
		notes: [
			`${norms} norms, ${mlps} MLPs${missing ? "; 0 where there is no path" : ""}`,
			...(cut.length > 0 ? [`the strongest ${cut.join(" and ")}`] : []),
		],
		measure: `change of ${metric}`,
		rows: { title: "sender", labels: rows.map((s) => senders[s] as string) },
		columns: { title: "receiver", labels: columns.map((r) => receivers[r] as string) },
	});
}

function heatMap(
	values: Tensor,
	title: string,
	measure: string,
	tokens: readonly string[] | undefined,
	range: Range,
): string {
	const axis = values.axes?.[1];
	if (axis !== "pos") {
		const heads = axis === "kv_head" ? `${title}: kv heads` : title;
		return scoreGrid({ values, title: heads, measure, range, diverging: true });
	}
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
export function around0(all: readonly Tensor[]): Range {
	const most =
		Math.max(...all.map(({ data }) => Math.max(...Array.from(data as Float64Array, Math.abs)))) || 1;
	return [-most, most];
}
