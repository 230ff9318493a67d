import type { JSX } from "preact";
import { useStudio } from "../../studio.js";
import { useChosenLook } from "../chosen-prompt.js";
import { DrawDialog, type DrawnPattern } from "./draw-dialog.js";
import { patternAt } from "./pattern-at.js";

/** What is drawn, and for whom. */
export interface DrawTarget {
	readonly heads: "all" | readonly string[];
	/** The change that is drawn again; undefined for a new one. */
	readonly index?: number;
	/** What it has now. */
	readonly rows?: readonly (readonly number[])[];
	readonly normalize?: boolean;
}

/** A pattern of the chosen prompt's tokens, drawn by hand over a head's own or a named one. */
export function PromptDrawing({
	target,
	names,
	done,
	close,
}: {
	target: DrawTarget;
	/** Patterns that have names. */
	names: readonly string[];
	done: (data: DrawnPattern) => void;
	close: () => void;
}): JSX.Element {
	const studio = useStudio();
	const tokens = useChosenLook().value?.tokens ?? [];
	// as large as the longest prompt: others take its beginning
	const size = Math.max(...(studio.look.value ?? []).map((look) => look.tokens.length), 1);
	const { heads, rows, normalize } = target;
	const head = (heads === "all" ? undefined : heads[0]) ?? studio.head.value;
	return (
		<DrawDialog
			heads={heads === "all" ? "all heads" : heads.join(", ")}
			labels={Array.from({ length: size }, (_, position) => tokens[position]?.shown ?? String(position))}
			start={(name) => patternAt(studio, head, name)}
			{...{ head, names, rows, normalize, done, close }}
		/>
	);
}
