import type { JSX } from "preact";
import { KeysDialog } from "./keys-dialog.js";
import { Tour } from "./tour.js";
import { showsKeys, tourStep } from "./tour-state.js";
import "./tour.css";

/** What the "?" opens. */
export function Help(): JSX.Element {
	return (
		<>
			{tourStep.value !== null && <Tour step={tourStep.value} />}
			{showsKeys.value && <KeysDialog />}
		</>
	);
}
