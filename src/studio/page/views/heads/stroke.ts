/** How much of a small head's width a stroke must cross to wipe it, so that a click that slips is none. */
const ENOUGH = 0.6;

/**
 * Listens for strokes: a pointer that is pressed and drawn across a small head. On touch only strokes along the row
 * come here, up and down still scrolls (`touch-action: pan-y`).
 * @param wipe is told of each head that was crossed, once in a stroke
 * @returns ends the listening
 */
export function listenToStrokes(grid: HTMLElement, wipe: (name: string) => void): () => void {
	let stroke: {
		readonly pointer: number;
		readonly seen: Map<HTMLElement, Span>;
		readonly done: Set<HTMLElement>;
	};
	let pressed = false;
	let wiped = false;

	const move = ({ pointerId, clientX, clientY }: PointerEvent): void => {
		if (!pressed || pointerId !== stroke.pointer) return;
		// a touch stays with the head where it began
		const tile = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>("[data-head]");
		if (!tile || !grid.contains(tile) || stroke.done.has(tile)) return;
		const span = stroke.seen.get(tile) ?? { low: clientX, high: clientX };
		span.low = Math.min(span.low, clientX);
		span.high = Math.max(span.high, clientX);
		stroke.seen.set(tile, span);
		tile.classList.add("rubbed");
		if (span.high - span.low < ENOUGH * tile.offsetWidth) return;
		stroke.done.add(tile);
		wiped = true;
		wipe(tile.dataset.head ?? "");
	};
	const end = (): void => {
		if (!pressed) return;
		pressed = false;
		for (const tile of stroke.seen.keys()) tile.classList.remove("rubbed");
	};
	const press = (event: PointerEvent): void => {
		wiped = false;
		if (event.button !== 0 || !event.isPrimary) return;
		if (!(event.target as Element).closest(".show")) return;
		pressed = true;
		stroke = { pointer: event.pointerId, seen: new Map(), done: new Set() };
		move(event);
	};
	// a stroke that ends where it began is no click on that head
	const click = (event: MouseEvent): void => {
		if (!wiped) return;
		wiped = false;
		event.stopPropagation();
		event.preventDefault();
	};
	const abort = new AbortController();
	const { signal } = abort;
	grid.addEventListener("pointerdown", press, { signal });
	grid.addEventListener("click", click, { capture: true, signal });
	addEventListener("pointermove", move, { signal });
	addEventListener("pointerup", end, { signal });
	addEventListener("pointercancel", end, { signal });
	return () => abort.abort();
}

interface Span {
	low: number;
	high: number;
}
