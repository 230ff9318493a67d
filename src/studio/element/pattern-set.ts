/** A tensor as the element takes it: the library's own, or anything with a shape and numbers, row after row. */
export interface PatternTensor {
	readonly shape: readonly number[];
	readonly data: ArrayLike<number | bigint>;
}

/** Attention as lists: [query][key], [head][query][key] or [layer][head][query][key]. */
export type NestedPattern = readonly (
	| number
	| readonly (number | readonly (number | readonly number[])[])[]
)[];

/** Patterns of heads, all of one size, in memory of their own. */
export interface PatternSet {
	/** 0 where the tensor has no axis of layers. */
	readonly layers: number;
	/** Heads, of each layer where there are layers. */
	readonly heads: number;
	readonly queries: number;
	readonly keys: number;
	/** [layer, head, query, key], row after row. */
	readonly data: Float32Array;
	/** Least and greatest value. */
	readonly range: readonly [number, number];
}

/** Most numbers that a page is asked to hold: 256 MB. */
const MOST = 2 ** 26;
const ALLOWED = "[query, key], [head, query, key] or [layer, head, query, key]";

/**
 * Patterns from a tensor or lists.
 * @throws {RangeError} for another number of axes, an empty one, and for numbers that are not finite
 */
export function patternSet(given: PatternTensor | NestedPattern): PatternSet {
	const { shape, data } = isTensor(given) ? given : flatten(given);
	const size = shape.reduce((product, extent) => product * extent, 1);
	if (shape.length < 2 || shape.length > 4 || size === 0)
		throw new RangeError(`a pattern has shape [${shape.join(", ")}], allowed ${ALLOWED}`);
	if (size !== data.length)
		throw new RangeError(`shape [${shape.join(", ")}] is of ${size} numbers, got ${data.length}`);
	if (size > MOST) throw new RangeError(`a pattern of ${size} numbers, allowed up to ${MOST}`);
	const [keys = 0, queries = 0, heads = 1, layers = 0] = [...shape].reverse();
	const values = new Float32Array(size);
	let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
	for (let i = 0; i < size; i++) {
		const value = Number(data[i]);
		if (!Number.isFinite(value)) throw new RangeError(`entry ${i} is ${value}, allowed are finite numbers`);
		values[i] = value;
		low = Math.min(low, value);
		high = Math.max(high, value);
	}
	return { layers, heads, queries, keys, data: values, range: [low, high] };
}

function isTensor(given: PatternTensor | NestedPattern): given is PatternTensor {
	return !Array.isArray(given) && Array.isArray((given as PatternTensor)?.shape);
}

function flatten(given: unknown): PatternTensor {
	const shape: number[] = [];
	for (let part = given; Array.isArray(part); part = part[0]) shape.push(part.length);
	const data: number[] = [];
	const walk = (part: unknown, axis: number): void => {
		if (axis === shape.length) {
			if (typeof part !== "number") throw new RangeError(`a pattern of lists holds ${typeof part}s`);
			data.push(part);
			return;
		}
		if (!Array.isArray(part) || part.length !== shape[axis])
			throw new RangeError(`a pattern's lists have different lengths on axis ${axis}`);
		for (const inner of part) walk(inner, axis + 1);
	};
	if (shape.length === 0)
		throw new RangeError(`a pattern is a tensor or lists of numbers, allowed ${ALLOWED}`);
	walk(given, 0);
	return { shape, data };
}

/** "1.3" where there are layers, else "3". */
export function headName({ heads, layers }: PatternSet, index: number): string {
	return layers === 0 ? String(index) : `${Math.floor(index / heads)}.${index % heads}`;
}

/** The heads of all layers. */
export function headCount({ heads, layers }: PatternSet): number {
	return heads * Math.max(1, layers);
}
