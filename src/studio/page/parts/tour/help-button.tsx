import { useSignal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { useStudio } from "../../studio.js";
import { isFirstVisit, showsKeys, tourStep } from "./tour-state.js";

/** The "?" of the page's head: keys and the tour, which a first visitor is shown unasked. Both are fetched when needed. */
export function HelpButton(): JSX.Element {
	const { look } = useStudio();
	const Help = useSignal<ComponentType | undefined>(undefined);
	const looked = look.value !== undefined;
	const wanted = tourStep.value !== null || showsKeys.value;
	useEffect(() => {
		// not before there is something to point at
		if (looked && isFirstVisit() && tourStep.peek() === null) tourStep.value = 0;
	}, [looked]);
	useEffect(() => {
		if (!wanted || Help.peek()) return;
		void import("./help.js").then((module) => {
			Help.value = module.Help;
		});
	}, [wanted]);
	useEffect(() => {
		const onKey = (event: KeyboardEvent): void => {
			const typing = (event.target as HTMLElement).closest("textarea, input, select, [contenteditable]");
			if (event.key !== "?" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
			event.preventDefault();
			showsKeys.value = true;
		};
		document.addEventListener("keydown", onKey);
		return () => document.removeEventListener("keydown", onKey);
	}, []);
	return (
		<>
			<button
				type="button"
				class="help"
				aria-label="Help"
				title="Keys and the tour (key ?)"
				onClick={() => {
					showsKeys.value = true;
				}}
			>
				?
			</button>
			{Help.value && <Help.value />}
		</>
	);
}
