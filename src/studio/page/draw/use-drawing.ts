import { effect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Draws now and whenever a signal that is read changes, at once: `useSignalEffect` would let a frame go by. */
export function useDrawing(draw: () => void): void {
	const newest = useRef(draw);
	newest.current = draw;
	useLayoutEffect(() => effect(() => newest.current()), []);
}
