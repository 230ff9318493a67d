import type { JSX } from "preact";
import type { RegressionLook } from "../../../service/regression/look-at-run.js";
import { decimals } from "../../draw/decimals.js";
import { ExportMenu } from "../../parts/export-menu.js";
import { predictionCode } from "./code.js";
import type { RegressionState } from "./regression-state.js";
import { type Series, SeriesChart } from "./series-chart.js";

/** Decimals of tables. */
const DIGITS = 5;

export interface PredictionsProps {
	readonly look: RegressionLook;
	readonly sample: number;
	readonly state: RegressionState;
}

/** What the run predicts at every example, beside the two optimal predictors: a chart and a table. */
export function Predictions({ look, sample, state }: PredictionsProps): JSX.Element {
	const series = seriesOf(look, sample);
	const count = series[0]?.values.length ?? 0;
	const title = `Predictions of ${state.run} at step ${look.step}, sequence ${sample}`;
	return (
		<section class="predictions" aria-label="Predictions">
			<div class="panel-head">
				<h2>Predictions</h2>
				<ExportMenu
					of={{
						name: `predictions-${state.run}@${look.step}`,
						svg: async () => {
							const { scoreOverSteps } = await import("headscope/figures");
							return scoreOverSteps({
								title,
								steps: Array.from({ length: count }, (_, k) => k),
								axis: { title: "example", labels: Array.from({ length: count }, (_, k) => String(k)) },
								panels: [{ measure: "y", lines: series, named: series.map(({ name }) => name) }],
							});
						},
						csv: () => [
							["example", ...series.map(({ name }) => name)],
							...Array.from({ length: count }, (_, k) => [
								k,
								...series.map(({ values }) => values[k] as number),
							]),
						],
						json: () => ({
							run: state.run,
							step: look.step,
							sample,
							...Object.fromEntries(series.map(({ name, values }) => [name, values])),
						}),
						code: () => predictionCode(state, look.step),
					}}
				/>
			</div>
			<SeriesChart series={series} axis="example" label={title} />
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
			<section class="scrolls" tabIndex={0} aria-label="Table of predictions">
				<table class="numbers">
					<thead>
						<tr>
							<th scope="col">example</th>
							{series.map(({ name }) => (
								<th scope="col" key={name}>
									{name}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{Array.from({ length: count }, (_, k) => (
							<tr key={k}>
								<th scope="row">{k}</th>
								{series.map(({ name, values }) => (
									<td key={name}>{decimals(values[k], DIGITS)}</td>
								))}
							</tr>
						))}
					</tbody>
				</table>
			</section>
		</section>
	);
}

/** A line for each predictor, and the targets. */
export function seriesOf(look: RegressionLook, sample: number): Series[] {
	const values = (tensor: RegressionLook["ys"]): number[] => Array.from(tensor.select(sample).data);
	return [
		{ name: "y", values: values(look.ys) },
		{ name: "model", values: values(look.clean.predictions) },
		...(look.changed ? [{ name: "changed", values: values(look.changed.predictions) }] : []),
		{ name: "ridge", values: values(look.ridge) },
		{ name: "dMMSE", values: values(look.dmmse) },
	];
}
