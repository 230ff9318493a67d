import { inRows, matrixFigure, ranking, scoreGrid, sideBySide } from "../figures/index.js";
import { counted } from "../shared/counted.js";
import { Tensor } from "../tensor/index.js";
import type { Ablations } from "./ablate-heads.js";
import type { Patches } from "./patch-activations.js";

/**
 * What each head's ablation changes: a heat map, layers by heads; of some heads a ranking with their intervals.
 * @param options.model what the title calls the model
 */
export function ablationFigure(
	{ change, ranking: ranked, metric, kind, rows }: Ablations,
	{ model }: { readonly model: string },
): string {
	const title = ablationTitle(kind, model);
	const measure = `change of ${metric}`;
	if (!change.data.some(Number.isNaN)) return scoreGrid({ values: change, title, measure, diverging: true });
	const entries = ranked.map((cell) => ({
		head: cell.head,
		score: cell.change,
		low: cell.low,
		high: cell.high,
	}));
	return ranking({
		entries: entries.map(({ low, high, ...entry }) => (Number.isNaN(low) ? entry : { ...entry, low, high })),
		score: measure,
		title,
		interval: `95% interval over ${counted(rows, "row")}`,
	});
}

/** "Zero ablation of demo" */
export function ablationTitle(kind: string, model: string): string {
	return `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} ablation of ${model}`;
}

/**
 * What each patch brings back, 0 as corrupted and 1 as clean: heat maps of layers by positions or heads; of heads at
 * positions one for each layer.
 * @param options.model what the title calls the model
 * @param options.tokens the corrupted row's tokens, by position
 */
export function patchFigure(
	{ effects, values, corrupt, at, metric, layers, positions }: Patches,
	{ model, tokens = [] }: { readonly model: string; readonly tokens?: readonly string[] },
): string {
	// without a difference to share out, the change itself
	const none = effects.data.some(Number.isNaN);
	const data = none ? values.data.map((value) => value - corrupt) : effects.data;
	const shown = new Tensor("float64", values.shape, data, values.axes);
	const measure = none ? `change of ${metric}` : `effect on ${metric}`;
	const title = `Patching ${at} of ${model}`;
	const [, second = "place", third] = values.axes ?? [];
	const places = positions?.map((p) => `${tokens[p] ?? ""} ${p}`.trim());
	const names = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
	if (third === undefined) {
		const columns = positions
			? { title: second, ...(places && { labels: places }) }
			: { title: values.shape[1] === undefined ? "all positions" : second };
		const grid = values.shape[1] === undefined ? shown.reshape([layers.length, 1]) : shown;
		return matrixFigure({
			values: grid,
			title,
			measure,
			rows: { title: "layer", labels: layers.map(String) },
			columns,
		});
	}
	const range = widest(data);
	const panels = layers.map((layer, l) =>
		matrixFigure({
			values: shown.select(l).transpose([1, 0]),
			title: `Layer ${layer}`,
			measure,
			range,
			rows: { title: third, labels: names(shown.shape[2] as number) },
			columns: { title: second, ...(places && { labels: places }) },
		}),
	);
	return sideBySide({ rows: inRows(panels, 1400), title });
}

/** Equal ends around 0, so that panels share their colours. */
function widest(values: Float64Array): readonly [number, number] {
	const most = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
	return [-most, most];
}
