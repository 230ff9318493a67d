import type { JSX } from "preact";
import "./outcome.css";
import { useLoaded } from "../use-loaded.js";

/** What the changes did: next tokens, losses and metrics, clean against changed. */
export function Outcome(): JSX.Element {
	const Panel = useLoaded(loadPanel);
	return (
		<section class="outcome" aria-label="Outcome">
			{Panel ? <Panel /> : <h2>Outcome</h2>}
		</section>
	);
}

async function loadPanel(): Promise<() => JSX.Element> {
	return (await import("./outcome-panel.js")).OutcomePanel;
}
