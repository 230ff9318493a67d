import type { JSX } from "preact";
import { rowFacts } from "../../parts/changes/donors.js";
import { SelectField } from "../../parts/select-field.js";
import { useCall } from "../../parts/use-call.js";
import { useStudio } from "../../studio.js";
import { isApplied, toggleCell } from "./apply-cell.js";
import { patchCode } from "./code.js";
import { sweepOf } from "./newest.js";
import { PatchMaps } from "./patch-maps.js";
import { PromptPair } from "./prompt-pair.js";
import { METRICS, POINTS } from "./state.js";
import { askedBy, MetricTokens, SweepPanel, type SweepProps, WAIT } from "./sweep-panel.js";

const ALL = "all";

/** Patches each layer and position, or each head, of a clean prompt into a corrupted one. */
export function PatchSweep({ state, change }: SweepProps): JSX.Element {
	const studio = useStudio();
	const { model, scene, look } = studio;
	const { prompts, bos, changes } = scene.value;
	const { live, point, position, patchMetric: metric } = state;
	const info = model.value;
	const byHead = POINTS[point].startsWith("heads");
	const [first, second] = look.value ?? [];
	const ready = prompts.length > 1;
	const unequal = ready && first && second && first.tokens.length !== second.tokens.length;
	const params = {
		...{ model: info?.ref ?? "", prompts: prompts.slice(0, 2), at: point, ...askedBy(metric, state) },
		...(bos !== null && { bos }),
		...(byHead && position !== null && { position }),
	};
	const sweep = sweepOf(useCall("sweepPatch", live && info && ready ? params : undefined, WAIT, true));
	const { shown } = sweep;
	const missing = unequal ? "both prompts need as many tokens" : "";
	const settings = (
		<>
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
			<MetricTokens
				{...{ state, change, metric }}
				used={shown}
				label="Answer"
				otherwise={["what follows clean", "what follows corrupted"]}
			/>
		</>
	);
	return (
		<SweepPanel
			label="Patch layers and positions"
			{...{ state, change, settings, sweep }}
			missing={ready ? missing : "add a second prompt"}
			above={<PromptPair />}
		>
			{shown ? (
				<PatchMaps
					shown={shown}
					code={() => patchCode(params, shown)}
					model={params.model}
					isMarked={(cell) => isApplied(changes, cell)}
					onPick={(cell) =>
						studio.edit(toggleCell(scene.peek(), cell, rowFacts(studio)), JSON.stringify(cell))
					}
				/>
			) : (
				<p class="empty quiet">
					Each cell will say how much of the clean answer comes back when that activation alone is the clean
					prompt's: 0 as corrupted, 1 as clean.
				</p>
			)}
			{changes.some(({ on }) => on) && (
				<p class="quiet">
					Both prompts run in the model as it is, without the active changes: a patch takes what the unchanged
					model computes, and the estimate is that model's gradient. A patch that is applied acts beside them.
				</p>
			)}
		</SweepPanel>
	);
}
