import type { JSX } from "preact";
import type { PatchSweep as Patches } from "../../../service/work/sweep-patch.js";
import { percent, roundUp, signedNumber } from "../../draw/numbers.js";
import { AnswerField, answerOf } from "../../parts/answer-field.js";
import { HeatMap } from "../../parts/heat-map.js";
import { SelectField } from "../../parts/select-field.js";
import { useCall } from "../../parts/use-call.js";
import { useStudio } from "../../studio.js";
import type { SweepProps } from "./ablate-sweep.js";
import { isApplied, patchChange, togglePatch } from "./apply-patch.js";
import { patchCode } from "./code.js";
import { newest } from "./newest.js";
import { PromptPair } from "./prompt-pair.js";
import { METRICS, POINTS } from "./state.js";
import { SweepStatus } from "./sweep-status.js";

/** Milliseconds that texts and settings must stay before a sweep begins anew. */
const WAIT = 400;
const ALL = "all";

/** Patches each layer and position, or each head, of a clean prompt into a corrupted one. */
export function PatchSweep({ state, change }: SweepProps): JSX.Element {
	const studio = useStudio();
	const { model, scene, look } = studio;
	const { prompts, bos, changes } = scene.value;
	const { live, point, position, patchMetric: metric } = state;
	const info = model.value;
	const [answers, wrong] = [answerOf(state.answers), answerOf(state.wrong)];
	const byHead = POINTS[point].startsWith("heads");
	const [first, second] = look.value ?? [];
	const ready = prompts.length > 1;
	const unequal = ready && first && second && first.tokens.length !== second.tokens.length;
	const params = {
		...{ model: info?.ref ?? "", prompts: prompts.slice(0, 2), at: point, metric },
		...(bos !== null && { bos }),
		...(byHead && position !== null && { position }),
		...(answers !== undefined && { answers }),
		...(metric === "logit-difference" && wrong !== undefined && { wrong }),
	};
	const call = useCall("sweepPatch", live && info && ready ? params : undefined, WAIT, true);
	const shown = newest(call);
	return (
		<section class="sweep" aria-label="Patch layers and positions">
			<PromptPair />
			<div class="settings">
				<SelectField
					label="Patch"
					value={point}
					options={POINTS}
					onChange={(next) => change({ point: next })}
				/>
				{byHead && (
					<SelectField
						label="Position"
						value={position === null ? ALL : `@${position}`}
						options={{
							[ALL]: "all at once",
							...Object.fromEntries((second?.tokens ?? []).map(({ shown }, i) => [`@${i}`, `${i} ${shown}`])),
						}}
						onChange={(next) => change({ position: next === ALL ? null : Number(next.slice(1)) })}
					/>
				)}
				<SelectField
					label="Metric"
					value={metric}
					options={{
						"logit-difference": METRICS["logit-difference"],
						"log-probability": METRICS["log-probability"],
					}}
					onChange={(next) => change({ patchMetric: next })}
				/>
				<AnswerField
					label="Answer"
					value={state.answers}
					otherwise="what follows clean"
					used={shown?.answers}
					onChange={(next) => change({ answers: next })}
				/>
				{metric === "logit-difference" && (
					<AnswerField
						label="minus"
						value={state.wrong}
						otherwise="what follows corrupted"
						used={shown?.wrong}
						onChange={(next) => change({ wrong: next })}
					/>
				)}
			</div>
			<SweepStatus
				live={live}
				busy={call.busy.value}
				progress={call.busy.value ? call.progress.value : shown}
				problem={unequal ? "" : call.problem.value}
				missing={ready ? (unequal ? "both prompts need as many tokens" : "") : "add a second prompt"}
				onLive={(next) => change({ live: next })}
			/>
			{shown ? (
				<PatchMaps
					shown={shown}
					code={() => patchCode(params, shown)}
					model={params.model}
					isMarked={(patch) => isApplied(changes, patch)}
					onPick={(patch) => {
						const { kind } = patch.data;
						studio.edit(togglePatch(scene.peek(), patch), `${kind} ${JSON.stringify(patch.data)}`);
					}}
				/>
			) : (
				<p class="empty quiet">
					Each cell will say how much of the clean answer comes back when that activation alone is the clean
					prompt's: 0 as corrupted, 1 as clean.
				</p>
			)}
		</section>
	);
}

interface PatchMapsProps {
	readonly shown: Patches;
	readonly model: string;
	readonly code: () => string;
	readonly isMarked: (patch: ReturnType<typeof patchChange>) => boolean;
	readonly onPick: (patch: ReturnType<typeof patchChange>) => void;
}

/** What patching measures, with the estimate beside it in the same colours. */
function PatchMaps({ shown, model, code, isMarked, onPick }: PatchMapsProps): JSX.Element {
	const { effects, estimate, at, across, position, tokens, agreement } = shown;
	const [layers = 0, count = 0] = effects.shape;
	const numbers = (length: number): string[] => Array.from({ length }, (_, i) => String(i));
	const rows = { title: "layer", labels: numbers(layers) };
	const columns =
		across === "pos"
			? { title: "position", labels: tokens.corrupt.map((token) => token.shown) }
			: { title: across === "head" ? "head" : "kv head", labels: numbers(count) };
	const most = roundUp(
		Math.max(1, ...[...effects.data, ...estimate.data].filter((value) => !Number.isNaN(value)).map(Math.abs)),
	);
	const where = position === undefined ? "" : ` at position ${position}`;
	const effectOf = (layer: number, column: number): number => effects.data[layer * count + column] as number;
	const estimateOf = (layer: number, column: number): number =>
		estimate.data[layer * count + column] as number;
	const shared = { rows, columns, most };
	const exports = (name: string, values: Patches["effects"], whole: boolean) => ({
		name: `${name}-${at}`,
		...(whole && {
			svg: () => figureOf(values, { title: `${name} of ${at}${where}, ${model}`, rows, columns }),
		}),
		json: () => shown,
		code,
	});
	return (
		<>
			<div class="beside">
				<HeatMap
					{...shared}
					title={`Patching ${at}${where}`}
					values={effects.data}
					measure={`share of the clean ${shown.metric} brought back (corrupted ${signedNumber(shown.corrupt)}, clean ${signedNumber(shown.clean)})`}
					detail={(layer, column) => `estimated ${signedNumber(estimateOf(layer, column))}`}
					marked={(layer, column) => isMarked(patchChange(shown, layer, column))}
					action="applies this patch in every view"
					onPick={(layer, column) => onPick(patchChange(shown, layer, column))}
					exports={exports("patching", effects, shown.done === shown.total)}
				/>
				<HeatMap
					{...shared}
					title="Attribution patching, an estimate"
					values={estimate.data}
					measure={`estimated share, from one run forwards and one backwards`}
					detail={(layer, column) => {
						const measured = effectOf(layer, column);
						return Number.isNaN(measured) ? "" : `measured ${signedNumber(measured)}`;
					}}
					exports={exports("attribution", estimate, true)}
				/>
			</div>
			<p class="agreement">{agreement ? agreementText(agreement) : "\u00a0"}</p>
		</>
	);
}

function agreementText({ pearson, spearman, sameSign, compared }: NonNullable<Patches["agreement"]>): string {
	const correlation = [pearson, spearman].map((one) => one.toFixed(3).replace("-", "−")).join(", of ranks ");
	const share = Number.isNaN(sameSign) ? "" : `; the same sign in ${percent(sameSign)} of ${compared} cells`;
	return `Estimate and measurement: correlation ${correlation}${share}.`;
}

interface FigureFacts {
	readonly title: string;
	readonly rows: { readonly title: string; readonly labels: readonly string[] };
	readonly columns: { readonly title: string; readonly labels: readonly string[] };
}

async function figureOf(values: Patches["effects"], { title, rows, columns }: FigureFacts): Promise<string> {
	const { matrixFigure, valueRange } = await import("headscope/figures");
	const most = Math.max(...valueRange([values]).map(Math.abs));
	return matrixFigure({ values, title, rows, columns, measure: "effect", range: [-most, most] });
}
