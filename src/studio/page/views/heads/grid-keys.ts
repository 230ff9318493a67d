/** The small head that an arrow key goes to from another; undefined for another key, and at the edge. */
export function neighbour(grid: HTMLElement, from: HTMLElement, key: string): HTMLElement | undefined {
	const all = [...grid.querySelectorAll<HTMLElement>(".show")];
	const at = all.indexOf(from);
	switch (key) {
		case "ArrowRight":
			return all[at + 1];
		case "ArrowLeft":
			return all[at - 1];
		case "Home":
			return all[0];
		case "End":
			return all.at(-1);
		case "ArrowDown":
			return nearest(all, from, 1);
		case "ArrowUp":
			return nearest(all, from, -1);
		default:
			return undefined;
	}
}

/** The nearest one in the next row, wherever rows break. */
function nearest(all: readonly HTMLElement[], from: HTMLElement, way: 1 | -1): HTMLElement | undefined {
	const own = from.getBoundingClientRect();
	let best: { readonly element: HTMLElement; readonly down: number; readonly aside: number } | undefined;
	for (const element of all) {
		const { top, left } = element.getBoundingClientRect();
		const down = way * (top - own.top);
		const aside = Math.abs(left - own.left);
		if (down < own.height / 2) continue;
		if (!best || down < best.down - 1 || (down < best.down + 1 && aside < best.aside))
			best = { element, down, aside };
	}
	return best?.element;
}
