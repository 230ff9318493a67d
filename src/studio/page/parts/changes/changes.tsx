import type { JSX } from "preact";
import "./changes.css";
import { useLoaded } from "../use-loaded.js";

/** The model's changes: a list with switches, and what can be added. */
export function Changes(): JSX.Element {
	const Panel = useLoaded(loadPanel);
	return (
		<section class="changes" aria-label="Changes">
			{Panel ? <Panel /> : <h2>Changes</h2>}
		</section>
	);
}

async function loadPanel(): Promise<() => JSX.Element> {
	return (await import("./changes-panel.js")).ChangesPanel;
}
