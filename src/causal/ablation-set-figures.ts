import { matrixFigure, scoreOverSteps } from "../figures/index.js";
import { counted } from "../shared/counted.js";
import type { GreedyAblation, PairAblations } from "./ablate-heads.js";
import { around0 } from "./attribution-figures.js";
import { ablationTitle } from "./sweep-figures.js";

/** What every two heads' ablation changes: a heat map, heads by heads, with single heads on its diagonal. */
export function pairAblationFigure(
	{ heads, change, metric, kind }: PairAblations,
	{ model }: { readonly model: string },
): string {
	return matrixFigure({
		values: change,
		range: around0([change]),
		title: ablationTitle(kind, model),
		notes: ["two heads at once; on the diagonal one alone"],
		measure: `change of ${metric}`,
		rows: { title: "head", labels: heads },
		columns: { title: "head", labels: heads },
	});
}

/** The metric by the number of heads that are ablated, from none on: a line with its interval. */
export function greedyAblationFigure(
	{ steps, before, metric, kind, rows }: GreedyAblation,
	{ model }: { readonly model: string },
): string {
	const values = [before, ...steps.map(({ after }) => after)];
	const ends = steps.map(({ low, high }) => [before + low, before + high] as const);
	const interval = ends.every((both) => both.every(Number.isFinite));
	return scoreOverSteps({
		title: ablationTitle(kind, model),
		notes: [
			"heads added one by one, each time the one with which the metric changes most",
			...(interval ? [`band: 95% interval of the change over ${counted(rows, "row")}`] : []),
		],
		steps: values.map((_, i) => i),
		axis: { title: "heads ablated", labels: ["none", ...steps.map(({ added }) => `+${added}`)] },
		panels: [
			{
				measure: metric,
				lines: [
					{
						name: "",
						values,
						...(interval && {
							low: [before, ...ends.map(([low]) => low)],
							high: [before, ...ends.map(([, high]) => high)],
						}),
					},
				],
			},
		],
	});
}
