import type { JSX } from "preact";
import { rowFacts, scoredDonors } from "../../parts/changes/donors.js";
import { LeftOut } from "../../parts/changes/left-out.js";
import { sentence } from "../../parts/changes/sentence.js";
import { SelectField } from "../../parts/select-field.js";
import { useCall } from "../../parts/use-call.js";
import { useStudio } from "../../studio.js";
import { AblateMap } from "./ablate-map.js";
import { ablationCell, type CellChanges, isApplied, toggleCell } from "./apply-cell.js";
import { ablationCode } from "./code.js";
import { sweepOf } from "./newest.js";
import { ABLATIONS, type Ablation, METRICS, metricFor, type SweepsState } from "./state.js";
import { askedBy, MetricTokens, SweepPanel, type SweepProps, WAIT } from "./sweep-panel.js";

/** Ablates every head on its own: a heat map of what that changes. */
export function AblateSweep({ state, change }: SweepProps): JSX.Element {
	const studio = useStudio();
	const { model, scene } = studio;
	const { prompts, bos, changes } = scene.value;
	const { kind, rows, samples, seed } = state;
	const metric = metricFor(state);
	const info = model.value;
	const acting = changes.filter(({ on }) => on).map(({ data }) => data);
	const onTop = state.onTop && acting.length > 0 && kind !== "frozen-patterns";
	const params = {
		model: info?.ref ?? "",
		...(rows === "prompts" ? { prompts: [...prompts] } : { repeat: { samples, seed } }),
		...(bos !== null && { bos }),
		...{ kind, ...askedBy(metric, state) },
		...(onTop && { interventions: acting, donors: scoredDonors(scene.value) }),
	};
	const sweep = sweepOf(useCall("sweepHeads", state.live && info ? params : undefined, WAIT, true));
	const { shown } = sweep;
	// what is shown may be of the kind before
	const swept = (shown?.kind as Ablation | undefined) ?? kind;
	const cellOf = (layer: number, head: number): CellChanges =>
		ablationCell(swept, rows, `${layer}.${head}`, info?.nLayers ?? 1);
	const refused = shown?.refused ?? [];
	const left = new Set(refused.map(({ data }) => JSON.stringify(data)));
	const below = acting.filter((data) => !left.has(JSON.stringify(data)));
	// whose values are taken of drawn rows, the sweep tells
	const drawn = onTop && rows === "repeat" && below.some((one) => "from" in one);
	const settings = (
		<>
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
			<MetricTokens
				{...{ state, change, metric }}
				used={shown}
				label="Token"
				otherwise={["the likeliest next", "the second likeliest"]}
			/>
		</>
	);
	return (
		<SweepPanel label="Ablate all heads" {...{ state, change, settings, sweep }}>
			<div class="on-top">
				<label>
					<input
						type="checkbox"
						checked={state.onTop}
						disabled={kind === "frozen-patterns"}
						onChange={({ currentTarget }) => change({ onTop: currentTarget.checked })}
					/>{" "}
					on top of the active changes
				</label>
				<p class="quiet">{belowText(below.map(sentence), state)}</p>
				<LeftOut refused={refused} of="this sweep" />
			</div>
			<AblateMap
				{...{ shown, metric, info }}
				kind={swept}
				marked={(layer, head) => isApplied(changes, cellOf(layer, head))}
				onPick={(layer, head) => {
					const next = toggleCell(scene.peek(), cellOf(layer, head), rowFacts(studio));
					studio.edit(next, `${swept} ${layer}.${head}`);
				}}
				{...((!drawn || shown) && { code: () => ablationCode(params, shown, scene.peek().donors) })}
			/>
		</SweepPanel>
	);
}

/** What the heads are ablated in. */
function belowText(words: readonly string[], { onTop, kind }: SweepsState): string {
	if (kind === "frozen-patterns")
		return "The patterns that are kept are those of the unchanged model, so this sweep runs without the active changes.";
	if (words.length === 0) return "Nothing is changed: heads are ablated in the model as it is.";
	const list = words.join("; ");
	return onTop
		? `Each head is compared with the model as it is changed: ${list}.`
		: `The sweep runs the model as it is, without the active changes: ${list}.`;
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
