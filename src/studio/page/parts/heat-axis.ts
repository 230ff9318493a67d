/** What runs along an edge of a heat map. */
export interface HeatAxis {
	/** In the singular: "layer". */
	readonly title: string;
	readonly labels: readonly string[];
}

/** A place's label; tokens, which may come several times, with their positions. */
export function placeLabel({ title, labels }: HeatAxis, place: number): string {
	const label = labels[place] ?? "";
	return title === "position" ? `${place} ${label}` : label;
}

/** The numbers of a heat map as rows of a file, the axes' labels in front; empty where none is known. */
export function heatRows(
	rows: HeatAxis,
	columns: HeatAxis,
	values: ArrayLike<number>,
): (string | number)[][] {
	const count = columns.labels.length;
	return [
		[rows.title, ...columns.labels.map((_, column) => placeLabel(columns, column))],
		...rows.labels.map((label, row) => [
			label,
			...columns.labels.map((_, column) => {
				const value = values[row * count + column] as number;
				return Number.isNaN(value) ? "" : value;
			}),
		]),
	];
}
