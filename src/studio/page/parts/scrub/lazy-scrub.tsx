import type { JSX } from "preact";
import { useLoaded } from "../use-loaded.js";

/** The scrub of the page's model. */
export function LazyScrub(): JSX.Element {
	const Shown = useLoaded(loadScrub);
	// room for it, so that nothing moves when it comes
	return <div style={{ minWidth: 0, minHeight: Shown ? undefined : "11.5rem" }}>{Shown && <Shown />}</div>;
}

async function loadScrub(): Promise<() => JSX.Element | null> {
	return (await import("./model-scrub.js")).ModelScrub;
}
