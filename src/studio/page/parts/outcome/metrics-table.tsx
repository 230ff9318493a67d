import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Kinds } from "../../../service/methods/kinds.js";
import type { Measured } from "../../../service/work/measure.js";
import { figure, relative, signedFigure } from "../../draw/numbers.js";
import { experimentPart } from "../../scene/experiment-part.js";
import { useStudio } from "../../studio.js";
import { ReadInput } from "../changes/read-input.js";
import { SchemaForm } from "../changes/schema-form.js";
import { type MetricGiven, metricData, metricTitle, newMetric, setMetrics } from "./metrics.js";
import { NumberCell } from "./number-cell.js";

const COLUMNS = ["before", "after", "change", "relative"] as const;

/** The metrics that the user chose, before and after the changes. */
export function MetricsTable({
	kinds,
	measured,
}: {
	kinds: Kinds | undefined;
	measured: readonly Measured[];
}): JSX.Element {
	const studio = useStudio();
	const [open, setOpen] = useState<number | undefined>(undefined);
	const looks = studio.look.value ?? [];
	const metrics = experimentPart(studio.scene.value).metrics as readonly MetricGiven[];
	const found = new Map(measured.map((one) => [JSON.stringify(one.asked), one]));
	const add = (name: string): void => {
		const form = kinds?.metrics.find(({ kind }) => kind === name);
		if (!form) return;
		setMetrics(studio, { metrics: [...metrics, newMetric(form, looks, studio.head.value)] }, `add ${name}`);
		setOpen(metrics.length);
	};
	return (
		<>
			<div class="wide metrics">
				<table class="figures" aria-label="Metrics">
					<thead>
						<tr>
							<th scope="col">metric</th>
							{COLUMNS.map((name) => (
								<th scope="col" key={name}>
									{name}
								</th>
							))}
							<td />
						</tr>
					</thead>
					<tbody>
						{metrics.map((metric, index) => {
							const one = found.get(JSON.stringify(metric));
							const title = metricTitle(metric, looks);
							return (
								<tr key={index}>
									<th scope="row" title={one?.result?.doc}>
										{title}
									</th>
									{one?.problem !== undefined ? (
										<td class="problem" colSpan={4}>
											{one.problem}
										</td>
									) : (
										COLUMNS.map((name) => (
											<NumberCell
												key={name}
												value={one?.result?.[name]}
												text={name === "relative" ? relative : name === "change" ? signedFigure : figure}
											/>
										))
									)}
									<td class="metric-tools">
										<button
											type="button"
											aria-label={`Edit metric: ${title}`}
											aria-expanded={open === index}
											onClick={() => setOpen(open === index ? undefined : index)}
										>
											Edit
										</button>
										<button
											type="button"
											aria-label={`Remove metric: ${title}`}
											disabled={metrics.length === 1}
											onClick={() => {
												setMetrics(
													studio,
													{ metrics: metrics.filter((_, i) => i !== index) },
													`remove metric ${metrics.length}`,
												);
												setOpen(undefined);
											}}
										>
											×
										</button>
									</td>
								</tr>
							);
						})}
					</tbody>
				</table>
			</div>
			{open !== undefined && kinds && <MetricForm key={open} index={open} metrics={metrics} kinds={kinds} />}
			<select
				aria-label="Add a metric"
				value=""
				onChange={({ currentTarget }) => {
					add(currentTarget.value);
					currentTarget.value = "";
				}}
			>
				<option value="">Add a metric ...</option>
				{kinds?.metrics.map(({ kind, doc }) => (
					<option key={kind} value={kind} title={doc}>
						{kind}
					</option>
				))}
			</select>
		</>
	);
}

/** A metric's settings, or the short spelling that has them. */
function MetricForm({
	index,
	metrics,
	kinds,
}: {
	index: number;
	metrics: readonly MetricGiven[];
	kinds: Kinds;
}): JSX.Element | null {
	const studio = useStudio();
	const metric = metrics[index];
	if (metric === undefined) return null;
	const set = (next: MetricGiven, field: string): void =>
		setMetrics(studio, { metrics: metrics.with(index, next) }, `metric ${index} ${field}`);
	const data = metricData(metric, kinds.metrics);
	const form = kinds.metrics.find(({ kind }) => kind === data?.kind);
	if (data && form)
		return (
			<div class="metric-form">
				<p class="quiet">{form.doc}</p>
				<SchemaForm fields={form.fields} data={data} change={set} />
			</div>
		);
	return (
		<div class="metric-form">
			<ReadInput
				label="metric in short"
				value={String(metric)}
				write={String}
				read={(text) => ({ value: text })}
				change={(text) => set(text, "text")}
			/>
		</div>
	);
}
