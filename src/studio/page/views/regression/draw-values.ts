import { diverging, type Palette, type Place, paletteFor, sequential } from "../../draw/palette.js";

/** Ends of colours, the lower first. */
export type ValueRange = readonly [number, number];

/** Colours of values in a range. */
export interface ValueColours {
	readonly palette: Palette;
	readonly place: Place;
	/** What the first and the last colour stand for. */
	readonly ends: ValueRange;
}

/** Around 0 where the range has both signs, since a sign means something in an activation; else from end to end. */
export function coloursOf([low, high]: ValueRange, dark: boolean): ValueColours {
	if (low < 0 && high > 0) {
		const most = Math.max(-low, high);
		return { palette: paletteFor(dark, true), place: diverging(most), ends: [-most, most] };
	}
	const place = sequential("linear", high - low || 1);
	return { palette: paletteFor(dark), place: (value) => place(value - low), ends: [low, high] };
}

/** Draws a matrix, a pixel for each entry; the style stretches them. What is not finite (a masked score) is left empty. */
export function drawValues(
	canvas: HTMLCanvasElement,
	values: ArrayLike<number>,
	[rows, columns]: readonly [number, number],
	{ palette, place }: ValueColours,
): void {
	if (canvas.width !== columns || canvas.height !== rows) {
		canvas.width = columns;
		canvas.height = rows;
	}
	const context = canvas.getContext("2d");
	if (!context || rows * columns === 0) return;
	const image = context.createImageData(columns, rows);
	const pixels = new Uint32Array(image.data.buffer);
	for (let i = 0; i < pixels.length; i++) {
		const value = values[i] as number;
		if (Number.isFinite(value)) pixels[i] = palette[place(value)] as number;
	}
	context.putImageData(image, 0, 0);
}
