import type { JSX } from "preact";
import type { HeadSweep } from "../../../service/work/sweep-heads.js";
import { signedNumber } from "../../draw/numbers.js";
import { AnswerField, answerOf } from "../../parts/answer-field.js";
import { HeatMap } from "../../parts/heat-map.js";
import { SelectField } from "../../parts/select-field.js";
import { useCall } from "../../parts/use-call.js";
import { useStudio } from "../../studio.js";
import { isWiped, toggleWipe } from "../heads/wipe.js";
import { ablationCode } from "./code.js";
import { newest } from "./newest.js";
import { ABLATIONS, METRICS, metricFor, type SweepsState } from "./state.js";
import { SweepStatus } from "./sweep-status.js";

export interface SweepProps {
	readonly state: SweepsState;
	readonly change: (next: Partial<SweepsState>) => void;
}

/** Milliseconds that text and settings must stay before a sweep begins anew. */
const WAIT = 400;

/** Ablates every head on its own: a heat map of what that changes. */
export function AblateSweep({ state, change }: SweepProps): JSX.Element {
	const studio = useStudio();
	const { model, scene } = studio;
	const { prompts, bos, changes } = scene.value;
	const { kind, rows, samples, seed, live } = state;
	const metric = metricFor(state);
	const asks = metric === "log-probability" || metric === "logit-difference";
	const [answers, wrong] = [answerOf(state.answers), answerOf(state.wrong)];
	const info = model.value;
	const params = {
		model: info?.ref ?? "",
		...(rows === "prompts" ? { prompts: [...prompts] } : { repeat: { samples, seed } }),
		...(bos !== null && { bos }),
		...{ kind, metric },
		...(asks && answers !== undefined && { answers }),
		...(metric === "logit-difference" && wrong !== undefined && { wrong }),
	};
	const call = useCall("sweepHeads", live && info ? params : undefined, WAIT, true);
	const shown = newest(call);
	return (
		<section class="sweep" aria-label="Ablate all heads">
			<div class="settings">
				<SelectField
					label="Ablation"
					value={kind}
					options={ABLATIONS}
					onChange={(next) => change({ kind: next })}
				/>
				<SelectField
					label="Rows"
					value={rows}
					options={{
						prompts: prompts.length > 1 ? `the ${prompts.length} prompts` : "the prompt",
						repeat: "random repeats",
					}}
					onChange={(next) => change({ rows: next })}
				/>
				{rows === "repeat" && (
					<>
						<NumberField
							label="Samples"
							value={samples}
							least={1}
							onChange={(next) => change({ samples: next })}
						/>
						<NumberField label="Seed" value={seed} least={0} onChange={(next) => change({ seed: next })} />
					</>
				)}
				<SelectField
					label="Metric"
					value={metric}
					options={metricsFor(rows)}
					onChange={(next) => change({ metric: next })}
				/>
				{asks && (
					<AnswerField
						label="Token"
						value={state.answers}
						otherwise="the likeliest next"
						used={shown?.answers}
						onChange={(next) => change({ answers: next })}
					/>
				)}
				{metric === "logit-difference" && (
					<AnswerField
						label="minus"
						value={state.wrong}
						otherwise="the second likeliest"
						used={shown?.wrong}
						onChange={(next) => change({ wrong: next })}
					/>
				)}
			</div>
			<SweepStatus
				live={live}
				busy={call.busy.value}
				progress={call.busy.value ? call.progress.value : shown}
				problem={call.problem.value}
				onLive={(next) => change({ live: next })}
			/>
			<HeatMap
				title={`${titleOf(shown?.kind ?? kind)}${shown ? `: ${tokenOf(shown)}` : ""}`}
				values={
					shown?.change.data ?? new Float64Array((info?.nLayers ?? 1) * (info?.nHeads ?? 1)).fill(Number.NaN)
				}
				rows={{ title: "layer", labels: numbers(shown?.change.shape[0] ?? info?.nLayers ?? 1) }}
				columns={{ title: "head", labels: numbers(shown?.change.shape[1] ?? info?.nHeads ?? 1) }}
				measure={measureOf(shown, metric)}
				detail={(layer, head) => detailOf(shown, layer, head)}
				marked={(layer, head) => isWiped(changes, `${layer}.${head}`)}
				action="zero-ablates this head in every view"
				onPick={(layer, head) => {
					const name = `${layer}.${head}`;
					studio.setChanges(toggleWipe(scene.peek().changes, name), `wipe ${name}`);
				}}
				exports={{
					name: `ablate-heads-${shown?.kind ?? kind}`,
					...(shown && shown.done === shown.total && { svg: () => figureOf(shown, params.model) }),
					...(shown && { json: () => shown }),
					code: () => ablationCode(params, shown),
				}}
			/>
			<p class="quiet">The sweep runs the model without the changes that are made elsewhere.</p>
		</section>
	);
}

function metricsFor(rows: SweepsState["rows"]): Readonly<Partial<Record<keyof typeof METRICS, string>>> {
	const { loss, "induction-loss": induction, ...answered } = METRICS;
	return rows === "repeat" ? { loss, "induction-loss": induction } : { ...answered, loss };
}

interface NumberFieldProps {
	readonly label: string;
	readonly value: number;
	readonly least: number;
	readonly onChange: (value: number) => void;
}

function NumberField({ label, value, least, onChange }: NumberFieldProps): JSX.Element {
	return (
		<label>
			<span>{label}</span>
			<input
				type="number"
				min={least}
				max={4096}
				step={1}
				value={value}
				onChange={({ currentTarget }) => {
					if (currentTarget.reportValidity()) onChange(currentTarget.valueAsNumber);
				}}
			/>
		</label>
	);
}

function numbers(count: number): string[] {
	return Array.from({ length: count }, (_, i) => String(i));
}

function titleOf(kind: string): string {
	return `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)} ablation of each head`;
}

/** What the metric is about: "king", "king − red", or the loss' name. */
function tokenOf({ metric, answers, wrong }: HeadSweep): string {
	const [answer, more] = answers;
	if (!answer || more) return metric;
	return wrong[0] ? `${metric}, ${answer.shown} − ${wrong[0].shown}` : `${metric} of ${answer.shown}`;
}

function measureOf(shown: HeadSweep | undefined, metric: string): string {
	const name = shown?.metric ?? metric;
	const unit = name === "logit-difference" ? "" : ", nats";
	const before = shown && !Number.isNaN(shown.before) ? ` (unchanged: ${signedNumber(shown.before)})` : "";
	return `change of ${name}${unit}${before}`;
}

function detailOf(shown: HeadSweep | undefined, layer: number, head: number): string {
	const cell = shown?.cells.find((one) => one.head === `${layer}.${head}`);
	if (!cell) return "";
	const interval = Number.isNaN(cell.low)
		? ""
		: `; 95 % interval over ${shown?.rows} rows ${signedNumber(cell.low)} to ${signedNumber(cell.high)}`;
	return `${signedNumber(cell.before)} becomes ${signedNumber(cell.after)}${interval}`;
}

async function figureOf({ change, kind, metric }: HeadSweep, model: string): Promise<string> {
	const { scoreGrid } = await import("headscope/figures");
	return scoreGrid({
		values: change,
		title: `${kind} ablation of ${model}`,
		measure: `change of ${metric}`,
		diverging: true,
	});
}
