import type { Heads, Place } from "./heads.js";
import { type Point, pan, zoom } from "./matrix-part.js";

/** Pixels that a press may slip and still be a click. */
const SLIP = 4;

/** The parts of a large matrix: its cells, and the strips of tokens beside and above them. */
export interface MatrixParts {
	readonly plot: HTMLElement;
	readonly cells: HTMLElement;
	readonly rows: HTMLElement;
	readonly columns: HTMLElement;
}

/**
 * Listens to a pointer over a matrix and its strips: it points at tokens, a click locks one, a drag moves what is shown,
 * two fingers, or the wheel with Ctrl or where the matrix has the focus, zoom.
 * @returns ends the listening
 */
export function listenToMatrix({ plot, cells, rows, columns }: MatrixParts, heads: Heads): () => void {
	const pointers = new Map<number, Point>();
	let from = { part: heads.part.peek(), at: { x: 0, y: 0 } as Point, apart: 0 };
	let dragged = false;

	const pointOf = ({ clientX, clientY }: { clientX: number; clientY: number }): Point => {
		const { left, top, width, height } = cells.getBoundingClientRect();
		return { x: (clientX - left) / width, y: (clientY - top) / height };
	};
	const placeOf = (target: EventTarget | null, { x, y }: Point): Place | null => {
		const part = heads.part.peek();
		const at = (first: number, share: number): number =>
			first + Math.min(part.cells - 1, Math.max(0, Math.floor(share * part.cells)));
		const [query, key] = [at(part.query, y), at(part.key, x)];
		if (rows.contains(target as Node)) return { query, key: null };
		if (columns.contains(target as Node)) return { query: null, key };
		return cells.contains(target as Node) ? { query, key } : null;
	};
	const between = (): { readonly at: Point; readonly apart: number } => {
		const points = [...pointers.values()];
		const mean = (of: (point: Point) => number): number =>
			points.reduce((sum, point) => sum + of(point), 0) / Math.max(1, points.length);
		const [a, b] = points;
		return {
			at: { x: mean(({ x }) => x), y: mean(({ y }) => y) },
			apart: a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0,
		};
	};
	const begin = (): void => {
		from = { part: heads.part.peek(), ...between() };
	};
	const size = (): number => heads.patterns.peek()?.size ?? 1;

	const down = (event: PointerEvent): void => {
		if (event.button !== 0) return;
		if (pointers.size === 0) dragged = false;
		pointers.set(event.pointerId, pointOf(event));
		begin();
		heads.pointed.value = placeOf(event.target, pointOf(event));
	};
	const move = (event: PointerEvent): void => {
		const point = pointOf(event);
		if (!pointers.has(event.pointerId)) {
			heads.pointed.value = placeOf(event.target, point);
			return;
		}
		pointers.set(event.pointerId, point);
		const { at, apart } = between();
		const { width } = cells.getBoundingClientRect();
		const slip = Math.hypot(at.x - from.at.x, at.y - from.at.y) * width;
		const isZoomed = from.part.cells < size();
		if (!dragged && apart === 0 && (slip < SLIP || !isZoomed)) return;
		dragged = true;
		heads.pointed.value = null;
		const scaled =
			apart > 0 && from.apart > 0 ? zoom(from.part, size(), apart / from.apart, from.at) : from.part;
		const { cells: count } = scaled;
		heads.zoomTo(pan(scaled, size(), (from.at.y - at.y) * count, (from.at.x - at.x) * count));
	};
	const up = (event: PointerEvent): void => {
		pointers.delete(event.pointerId);
		begin();
	};
	const leave = (): void => {
		heads.pointed.value = null;
	};
	const click = (): void => {
		const place = heads.pointed.peek();
		const token = place?.query ?? place?.key ?? null;
		if (!dragged && token !== null) heads.lock(token);
		dragged = false;
	};
	const wheel = (event: WheelEvent): void => {
		// a page that is scrolled past a matrix goes on scrolling
		if (!event.ctrlKey && !event.metaKey && document.activeElement !== cells) return;
		event.preventDefault();
		heads.zoomTo(zoom(heads.part.peek(), size(), Math.exp(-event.deltaY * 0.003), pointOf(event)));
	};
	const abort = new AbortController();
	const { signal } = abort;
	plot.addEventListener("pointerdown", down, { signal });
	plot.addEventListener("pointermove", move, { signal });
	plot.addEventListener("pointerleave", leave, { signal });
	plot.addEventListener("click", click, { signal });
	plot.addEventListener("wheel", wheel, { passive: false, signal });
	// two fingers are for the matrix; the browser would scroll with them
	plot.addEventListener("touchstart", (event) => event.touches.length > 1 && event.preventDefault(), {
		passive: false,
		signal,
	});
	addEventListener("pointerup", up, { signal });
	addEventListener("pointercancel", up, { signal });
	return () => abort.abort();
}
