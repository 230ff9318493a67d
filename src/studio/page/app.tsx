import { effect, useSignalEffect } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isDark } from "./draw/theme.js";
import { followDonors } from "./parts/changes/donors.js";
import { listenToDrops } from "./parts/drop.js";
import { Header } from "./parts/header.js";
import { Notices } from "./parts/notices.js";
import { type Studio, StudioProvider, useStudio } from "./studio.js";
import { VIEWS } from "./views/registry.js";

/** The whole page: the head, what is wrong, and the view that the scene names. */
export function App({ studio }: { studio: Studio }): JSX.Element {
	useSignalEffect(() => {
		document.documentElement.dataset.theme = isDark.value ? "dark" : "light";
	});
	// for whoever drives the page from outside: whether what is shown is what was asked for. Told at once, where the
	// effects that draw wait for a frame
	useEffect(
		() =>
			effect(() => {
				document.body.dataset.busy = studio.busy.value || studio.loading.value ? "yes" : "no";
				if (studio.look.value) document.body.dataset.looked = "";
			}),
		[studio],
	);
	useEffect(() => listenToKeys(studio), [studio]);
	useEffect(() => listenToDrops(studio), [studio]);
	useEffect(() => followDonors(studio), [studio]);
	return (
		<StudioProvider value={studio}>
			<Header />
			<Notices />
			<CurrentView />
		</StudioProvider>
	);
}

function CurrentView(): JSX.Element {
	const { scene } = useStudio();
	const view = VIEWS.find(({ id }) => id === scene.value.view) ?? VIEWS[0];
	const [shown, setShown] = useState<{ id: string; Component: ComponentType } | undefined>();
	const id = view?.id ?? "";
	useEffect(() => {
		let wanted = true;
		void view?.load().then((Component) => wanted && setShown({ id, Component }));
		return () => {
			wanted = false;
		};
	}, [id]);
	return (
		<main id="view" aria-label={view?.title}>
			{shown?.id === id ? <shown.Component /> : <p class="quiet">Loading {view?.title} ...</p>}
		</main>
	);
}

/** Keys that work everywhere but in a text field and under a dialog: views by number, undo and redo. */
function listenToKeys(studio: Studio): () => void {
	const onKey = (event: KeyboardEvent): void => {
		// what lies under a dialog stays as it is
		if (document.querySelector("dialog[open]")) return;
		const typing =
			(event.target as HTMLElement).closest("textarea, input, select, [contenteditable]") !== null;
		const command = event.ctrlKey || event.metaKey;
		if (command && event.key.toLowerCase() === "z" && !typing) {
			event.preventDefault();
			if (event.shiftKey) studio.history.redo();
			else studio.history.undo();
			return;
		}
		if (typing || command || event.altKey) return;
		const view = VIEWS.find(({ key }) => key === event.key);
		if (view) studio.show({ view: view.id });
	};
	document.addEventListener("keydown", onKey);
	return () => document.removeEventListener("keydown", onKey);
}
