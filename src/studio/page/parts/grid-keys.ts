/** A place in a grid. */
export interface GridCell {
	readonly row: number;
	readonly column: number;
}

/**
 * Where a key leads in a grid, as the ARIA practices have it: arrows to a neighbour, Home and End to a row's ends, with
 * Ctrl to the grid's.
 * @returns undefined for keys that do not move
 */
export function arrowTarget(
	{ key, ctrlKey, metaKey, altKey }: KeyboardEvent,
	{ row, column }: GridCell,
	rows: number,
	columns: number,
): GridCell | undefined {
	if (altKey) return undefined;
	const far = ctrlKey || metaKey;
	const within = (to: number, count: number): number => Math.max(0, Math.min(count - 1, to));
	switch (key) {
		case "ArrowLeft":
			return { row, column: within(column - 1, columns) };
		case "ArrowRight":
			return { row, column: within(column + 1, columns) };
		case "ArrowUp":
			return { row: within(row - 1, rows), column };
		case "ArrowDown":
			return { row: within(row + 1, rows), column };
		case "Home":
			return { row: far ? 0 : row, column: 0 };
		case "End":
			return { row: far ? rows - 1 : row, column: columns - 1 };
		default:
			return undefined;
	}
}
