import type { Intervention } from "headscope";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useStudio } from "../../studio.js";
import { useCall } from "../use-call.js";
import { AddChange } from "./add-change.js";
import { ChangeItem } from "./change-item.js";
import "./changes-panel.css";
import { addChange, editChange, switchAll } from "./edit-changes.js";
import { type DrawTarget, PromptDrawing } from "./prompt-drawing.js";

type Drawn = Extract<Intervention, { kind: "replace-pattern" }>;

/** The changes in their order, and what can be added. */
export function ChangesPanel(): JSX.Element {
	const studio = useStudio();
	const { changes } = studio.scene.value;
	const [open, setOpen] = useState<number | undefined>(undefined);
	const [target, setTarget] = useState<DrawTarget | undefined>(undefined);
	const model = studio.model.value?.ref;
	const kinds = useCall("kinds", model === undefined ? undefined : { model }).result.value;
	const names = kinds?.interventions
		.find(({ kind }) => kind === "replace-pattern")
		?.fields.find(({ name }) => name === "pattern")?.choices;
	const on = changes.some((change) => change.on);
	return (
		<>
			<div class="changes-head">
				<h2>Changes</h2>
				{changes.length > 0 && (
					<span>
						<button type="button" onClick={() => switchAll(studio)}>
							{on ? "All off" : "All on"}
						</button>{" "}
						<button type="button" onClick={() => studio.setChanges([], "remove all")}>
							Remove all
						</button>
					</span>
				)}
			</div>
			{changes.length === 0 && (
				<p class="quiet">The model is as it was trained. Ablate, replace or draw below.</p>
			)}
			<ol class="change-list" aria-label="Changes of the model">
				{changes.map((change, index) => (
					<ChangeItem
						key={index}
						change={change}
						index={index}
						last={index === changes.length - 1}
						kinds={kinds}
						open={open === index}
						show={setOpen}
						draw={() => setTarget(drawAgain(change.data as Drawn, index))}
					/>
				))}
			</ol>
			<AddChange
				kinds={kinds}
				added={(index, opened) => setOpen(opened ? index : undefined)}
				draw={(heads) => setTarget({ heads })}
			/>
			{target && (
				<PromptDrawing
					target={target}
					names={names ?? []}
					close={() => setTarget(undefined)}
					done={(drawn) => {
						const { index, heads } = target;
						const before = index === undefined ? undefined : studio.scene.peek().changes[index];
						if (index === undefined || !before)
							addChange(studio, { data: { kind: "replace-pattern", heads, ...drawn } });
						else editChange(studio, index, { data: { ...before.data, ...drawn } as Drawn }, "drawing");
					}}
				/>
			)}
		</>
	);
}

/** The drawing of a change that is there. */
function drawAgain({ heads = "all", pattern, normalize }: Drawn, index: number): DrawTarget {
	return {
		heads,
		index,
		...(typeof pattern !== "string" && { rows: pattern }),
		...(normalize !== undefined && { normalize }),
	};
}
