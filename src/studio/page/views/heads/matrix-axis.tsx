import { useComputed } from "@preact/signals";
import type { JSX, Ref } from "preact";
import { useHeads } from "./heads.js";

/** Pixels that a label needs along its axis. */
const LABEL = 13;

/**
 * The tokens beside or above a matrix, thinned out where they would touch; the one that is pointed at is always there.
 * @param side pixels of the matrix
 */
export function MatrixAxis({
	axis,
	side,
	box,
}: {
	axis: "query" | "key";
	side: number;
	box: Ref<HTMLDivElement>;
}): JSX.Element {
	const heads = useHeads();
	const { cells, [axis]: first } = heads.part.value;
	const tokens = heads.patterns.value?.tokens ?? [];
	const every = Math.max(1, Math.ceil((LABEL * cells) / Math.max(1, side)));
	const shown = Array.from({ length: Math.ceil(cells / every) }, (_, i) => first + i * every).filter(
		(at) => at < tokens.length,
	);
	return (
		<div class={`axis ${axis}`} ref={box} aria-hidden="true">
			{shown.map((at) => (
				<span key={at} style={placeOf(axis, at - first, cells)}>
					{tokens[at]?.shown}
				</span>
			))}
			<PointedLabel axis={axis} />
		</div>
	);
}

/** The label of what is pointed at, over the others. */
function PointedLabel({ axis }: { axis: "query" | "key" }): JSX.Element | null {
	const heads = useHeads();
	const at = useComputed(() => heads.place.value[axis]).value;
	const { cells, [axis]: first } = heads.part.value;
	if (at === null || at < first || at >= first + cells) return null;
	return (
		<span class="pointed" style={placeOf(axis, at - first, cells)}>
			{heads.patterns.value?.tokens[at]?.shown}
		</span>
	);
}

function placeOf(axis: "query" | "key", cell: number, cells: number): Record<string, string> {
	// the keys' axis is turned around: its right is the matrix' left
	return { [axis === "query" ? "top" : "right"]: `${(100 * (cell + 0.5)) / cells}%` };
}
