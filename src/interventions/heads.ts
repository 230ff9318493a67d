import { reject } from "./errors.js";

/** How many heads a point has, and in how many layers. */
interface HeadGrid {
	readonly nLayers: number;
	readonly nHeads: number;
}

/**
 * The heads of a list, by layer. "5.1" and "L5H1" are the same head, both numbers from 0.
 * @param where what errors call the list, such as "interventions[0].heads"
 * @throws {InterventionError} for what is no head, and one the model lacks; it names the nearest.
 */
export function headsByLayer(
	heads: "all" | readonly string[],
	{ nLayers, nHeads }: HeadGrid,
	where: string,
): Map<number, number[]> {
	const names = Array.from({ length: nLayers * nHeads }, (_, i) => `${Math.floor(i / nHeads)}.${i % nHeads}`);
	const byLayer = new Map<number, number[]>();
	for (const [i, text] of (heads === "all" ? names : heads).entries()) {
		const [, layer, head] = /^[lL]?(\d{1,6})(?:\.|[hH])(\d{1,6})$/.exec(text.trim()) ?? [];
		const at = `${where}[${i}]`;
		if (layer === undefined || head === undefined)
			reject(at, `got ${JSON.stringify(text)}, allowed layer.head such as "0.1" or "L0H1"`);
		if (Number(layer) >= nLayers || Number(head) >= nHeads) {
			const near = `${Math.min(Number(layer), nLayers - 1)}.${Math.min(Number(head), nHeads - 1)}`;
			reject(at, `no head "${text}"; nearest: ${near}; the model has 0.0 to ${nLayers - 1}.${nHeads - 1}`);
		}
		const known = byLayer.get(Number(layer)) ?? [];
		if (!known.includes(Number(head))) byLayer.set(Number(layer), [...known, Number(head)]);
	}
	return byLayer;
}
