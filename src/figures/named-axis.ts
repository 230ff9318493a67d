import type { AxisTokens } from "./axis-labels.js";

/** One axis of a matrix: what runs along it, and what each place is called. */
export interface NamedAxis {
	/** Such as `Keys`. */
	readonly title: string;
	/** A short name for each place; by default its index from 0. */
	readonly labels?: readonly string[] | undefined;
}

/** The labels of an axis of `extent` places; throws unless there are as many. */
export function labelsOf(where: string, { title, labels }: NamedAxis, extent: number): AxisTokens {
	if (labels && labels.length !== extent) {
		throw new RangeError(
			`${where}: ${labels.length} labels on axis "${title}" of ${extent} places, allowed ${extent}`,
		);
	}
	const tokens = labels ?? Array.from({ length: extent }, (_, i) => String(i));
	return { tokens, first: 0, numbered: false };
}

/** Whether two axes look the same, so that neighbours can share the labels of one. */
export function sameAxis(a: NamedAxis, b: NamedAxis): boolean {
	return a.title === b.title && a.labels?.join("\n") === b.labels?.join("\n");
}
