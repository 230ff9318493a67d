import type { Tensor } from "../tensor/index.js";

/** Throws unless `tensor` has as many axes as `axes` names and no extent is 0. */
export function checkShape(where: string, tensor: Tensor, axes: readonly string[]): void {
	const wrong = tensor.shape.length !== axes.length || tensor.shape.some((extent) => extent === 0);
	if (wrong) {
		throw new RangeError(
			`${where}: shape [${tensor.shape.join(", ")}], allowed [${axes.join(", ")}] with every extent at least 1`,
		);
	}
}

/** Throws unless every element is finite and lies in [low, high], allowing for rounding of float16 values. */
export function checkValues(
	where: string,
	tensor: Tensor,
	[low, high]: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
	hint = "",
): void {
	const slack = Number.isFinite(high - low) ? (high - low) * 1e-3 : 0;
	const wrong = Array.prototype.findIndex.call(
		tensor.data,
		(value: number | bigint) =>
			!(Number(value) >= low - slack && Number(value) <= high + slack) || !Number.isFinite(Number(value)),
	);
	if (wrong < 0) return;
	const index = tensor.strides.map(
		(stride, axis) => Math.floor(wrong / stride) % (tensor.shape[axis] as number),
	);
	const allowed = Number.isFinite(high - low) ? `${low} to ${high}` : "finite numbers";
	throw new RangeError(`${where}[${index.join(", ")}] is ${tensor.data[wrong]}, allowed ${allowed}${hint}`);
}

/** Throws unless `value` is one of `allowed`. */
export function checkChoice<T extends string>(where: string, value: T, allowed: readonly T[]): void {
	if (!allowed.includes(value)) {
		throw new RangeError(`${where}: got ${JSON.stringify(value)}, allowed ${allowed.join(", ")}`);
	}
}

/** Throws unless `value` is a width in pixels that a figure can be drawn in, or absent. */
export function checkWidth(where: string, value: number | undefined): void {
	if (value !== undefined && !(value >= 240 && value <= 16_384)) {
		throw new RangeError(`${where}: width: got ${value}, allowed 240 to 16384`);
	}
}

/** Tokens of the two axes of a pattern. One list serves both where a text attends to itself. */
export type PatternTokens =
	| readonly string[]
	| { readonly query: readonly string[]; readonly key: readonly string[] };

/** The tokens of each axis; throws unless there is one for each position. */
export function checkTokens(
	where: string,
	tokens: PatternTokens,
	queries: number,
	keys: number,
): { query: readonly string[]; key: readonly string[] } {
	const both = "query" in tokens ? tokens : { query: tokens, key: tokens };
	for (const [axis, extent] of [
		["query", queries],
		["key", keys],
	] as const) {
		if (both[axis].length !== extent) {
			throw new RangeError(
				`${where}: ${both[axis].length} ${axis} tokens for a pattern [query, key] = [${queries}, ${keys}], allowed ${extent}`,
			);
		}
	}
	return both;
}
