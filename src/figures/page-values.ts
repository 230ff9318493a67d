import { zlibSync } from "fflate";
import { headName } from "./head-name.js";
import type { ScaledPattern } from "./pattern-scale.js";
import { base64 } from "./pixels.js";
import { tokenLabel } from "./token-label.js";

/** Attention is kept in the page as whole multiples of this: what a reader sees is exact to 4 decimals. */
const STEP = 1e-4;
/** Most cells of all heads together in one page: 16 MB once unpacked. */
const MOST_CELLS = 2 ** 23;

/** What the page's script reads; its field names are used there. */
export interface PageData {
	/** Heads whose values are here, in the order of the values. */
	heads: string[];
	queries: string[];
	keys: string[];
	/** Position of the first key: 1 where the first is hidden. */
	firstKey: number;
	step: number;
	log: boolean;
	range: readonly [number, number];
	/** 256 colours of 6 hexadecimal digits. */
	palette: string;
	/** Base64 of zlib of 16-bit little-endian integers [head, query, key]. */
	values: string;
}

/**
 * The patterns [layer, head, query, key] packed for a page. Where all heads are too much, those named in
 * `first` come first, and the ones that do not fit are left out.
 */
export function packPage(
	{ pattern, colours, firstKey }: ScaledPattern,
	tokens: { query: readonly string[]; key: readonly string[] },
	first: readonly string[],
): PageData {
	const [layers = 0, heads = 0, rows = 0, columns = 0] = pattern.shape;
	const all = Array.from({ length: layers * heads }, (_, i) => headName(Math.floor(i / heads), i % heads));
	const room = Math.max(1, Math.floor(MOST_CELLS / (rows * columns)));
	const kept = all.length <= room ? all : [...new Set([...first, ...all])].slice(0, room);
	const size = rows * columns;
	const bytes = new DataView(new ArrayBuffer(kept.length * size * 2));
	for (const [i, name] of kept.entries()) {
		const from = all.indexOf(name) * size;
		for (let cell = 0; cell < size; cell++) {
			const steps = Math.round((pattern.data[from + cell] as number) / STEP);
			bytes.setUint16((i * size + cell) * 2, Math.max(0, steps), true);
		}
	}
	return {
		heads: kept,
		queries: tokens.query.map(tokenLabel),
		keys: tokens.key.slice(firstKey).map(tokenLabel),
		firstKey,
		step: STEP,
		log: colours.kind === "log",
		range: colours.range,
		palette: colours.palette
			.map((colour) => colour.map((part) => part.toString(16).padStart(2, "0")).join(""))
			.join(""),
		values: base64(zlibSync(new Uint8Array(bytes.buffer), { level: 6 })),
	};
}

/** JSON that can stand inside a script element: nothing in it can end the element or begin a comment. */
export function scriptJson(value: unknown): string {
	return JSON.stringify(value).replace(
		/[<>&\u2028\u2029]/g,
		(character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}
