import { reject } from "./errors.js";

/** Numbers by name, as an evaluator gives them. */
export type Metrics = Readonly<Record<string, number>>;

/** `op` of two dictionaries' entries, key by key. @throws {PatchError} for dictionaries with different keys. */
export function applyBinopDicts(
	a: Metrics,
	b: Metrics,
	op: (a: number, b: number) => number,
): Record<string, number> {
	const lone =
		Object.keys(a).find((key) => !Object.hasOwn(b, key)) ??
		Object.keys(b).find((key) => !Object.hasOwn(a, key));
	if (lone !== undefined) reject("applyBinopDicts", `"${lone}" is in one of the dictionaries only`);
	return Object.fromEntries(Object.entries(a).map(([key, value]) => [key, op(value, b[key] as number)]));
}

/** (after - before) / before of every metric; infinite or NaN where it was 0. */
export function relativeChange(before: Metrics, after: Metrics): Record<string, number> {
	return applyBinopDicts(before, after, (x, y) => (y - x) / x);
}
