import { type Axis, sizeOf, Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";

/** A place and its number. */
export interface RankedCell {
	/** "5.1" a head, "5.1@3" a head at a position, "5@3" a layer at a position. */
	readonly cell: string;
	readonly value: number;
}

/** Summed over positions: [layer, pos, head] to [layer, head], [layer, pos] to [layer]. @throws {CausalError} */
export function sumPositions(attribution: Tensor): Tensor<"float64"> {
	const axes = attribution.axes ?? [];
	const at = axes.findIndex((axis) => axis === "pos" || axis === "query");
	if (at < 0) reject("sumPositions", `${attribution} has no positions`);
	const { shape, data } = attribution;
	const inner = sizeOf(shape.slice(at + 1));
	const length = shape[at] as number;
	const without = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== at);
	const sums = new Float64Array(attribution.size / length);
	for (const [i, value] of data.entries()) {
		const cell = Math.floor(i / (inner * length)) * inner + (i % inner);
		sums[cell] = (sums[cell] as number) + Number(value);
	}
	return new Tensor("float64", without(shape), sums, without(axes));
}

/** The places of a tensor by the magnitude of their numbers, largest first. */
export function rankCells(attribution: Tensor, top = attribution.size): RankedCell[] {
	const names = cellNames(attribution);
	return names
		.map((cell, i) => ({ cell, value: Number(attribution.data[i]) }))
		.sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
		.slice(0, top);
}

/** What each place of a tensor with axes layer, pos (or query) and head (or kv_head) is called. */
export function cellNames({ axes, shape, size }: Tensor): string[] {
	return Array.from({ length: size }, (_, flat) => {
		const index: Partial<Record<Axis | number, number>> = {};
		let rest = flat;
		for (let i = shape.length - 1; i >= 0; i--) {
			index[axes?.[i] ?? i] = rest % (shape[i] as number);
			rest = Math.floor(rest / (shape[i] as number));
		}
		const head = index.head ?? index.kv_head;
		const pos = index.pos ?? index.query;
		if (index.layer === undefined) return Object.values(index).join(",");
		return `${index.layer}${head === undefined ? "" : `.${head}`}${pos === undefined ? "" : `@${pos}`}`;
	});
}
