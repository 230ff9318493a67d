import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { drawMatrixInto } from "../../draw/draw-pattern.js";
import { useDrawing } from "../../draw/use-drawing.js";
import { matrixOf, useHeads } from "./heads.js";

/** Where a head's pattern goes on its sheet, in CSS pixels. */
interface TilePlace {
	readonly name: string;
	readonly left: number;
	readonly top: number;
	readonly side: number;
}

/** A group of heads as it is laid out, in CSS pixels. */
interface SheetLayout {
	readonly width: number;
	readonly height: number;
	readonly tiles: readonly TilePlace[];
}

/** Pixels of a sheet's side, and of a sheet: more are slow, and not to be had in every browser. Beyond, sheets are coarser. */
const [LONGEST, MOST_PIXELS] = [8192, 2 ** 23];
/** Sheets are drawn before they come into sight, so many pixels ahead. */
const AHEAD = 200;

/**
 * The patterns of a group of heads, on one canvas over the group: a canvas for each head would be a layer of its own for
 * the browser, and so would everything that lies over it, which every frame would pay for.
 * @param arrangement changes whenever heads go to other places
 */
export function TileSheet({ arrangement }: { arrangement: string }): JSX.Element {
	const heads = useHeads();
	const canvas = useRef<HTMLCanvasElement>(null);
	const layout = useSignal<SheetLayout | undefined>(undefined);
	const inSight = useSignal(true);
	const sheet = useComputed(() => (inSight.value ? layout.value : undefined));
	useLayoutEffect(() => {
		const group = canvas.current?.parentElement;
		if (!group) return;
		// told of the first size, too, and before it is painted
		const sized = new ResizeObserver(() => {
			layout.value = layoutOf(group);
		});
		sized.observe(group);
		const seen = new IntersectionObserver(
			(entries) => {
				inSight.value = entries.at(-1)?.isIntersecting ?? true;
			},
			{ rootMargin: `${AHEAD}px` },
		);
		seen.observe(group);
		return () => {
			sized.disconnect();
			seen.disconnect();
		};
	}, [arrangement]);
	useDrawing(() => {
		const [patterns, colours, laid] = [heads.patterns.value, heads.tileColours.value, sheet.value];
		if (!patterns || !laid || !canvas.current) return;
		const scale = scaleOf(laid);
		const [width, height] = [Math.ceil(laid.width * scale), Math.ceil(laid.height * scale)];
		if (width === 0 || height === 0) return;
		if (canvas.current.width !== width || canvas.current.height !== height)
			Object.assign(canvas.current, { width, height });
		const context = canvas.current.getContext("2d");
		if (!context) return;
		const image = context.createImageData(width, height);
		const pixels = { words: new Uint32Array(image.data.buffer), width };
		for (const { name, left, top, side } of laid.tiles) {
			const matrix = matrixOf(patterns, name);
			if (!matrix) continue;
			const square = {
				left: Math.round(left * scale),
				top: Math.round(top * scale),
				// rounded up it could reach beyond the sheet
				side: Math.floor(side * scale),
			};
			drawMatrixInto(pixels, square, matrix, colours);
		}
		context.putImageData(image, 0, 0);
	});
	return <canvas class="sheet" ref={canvas} />;
}

/** Pixels of a sheet for one of the page. */
function scaleOf({ width, height }: SheetLayout): number {
	return Math.min(
		devicePixelRatio,
		LONGEST / Math.max(1, width, height),
		Math.sqrt(MOST_PIXELS / Math.max(1, width * height)),
	);
}

/** How a group of heads is laid out: `.tile` is where a pattern goes, `[data-head]` its head. */
function layoutOf(group: Element): SheetLayout {
	const own = group.getBoundingClientRect();
	const tiles = [...group.querySelectorAll<HTMLElement>(".tile")].map((tile): TilePlace => {
		const { left, top, width } = tile.getBoundingClientRect();
		const name = tile.closest<HTMLElement>("[data-head]")?.dataset.head ?? "";
		return { name, left: left - own.left, top: top - own.top, side: width };
	});
	return { width: own.width, height: own.height, tiles };
}
