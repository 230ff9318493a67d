import { reject } from "./errors.js";
import type { MeasureOptions } from "./metric.js";

/** @throws {MetricError} for options that a run's own sequences have no use for */
export function refuseOptions(
	options: MeasureOptions,
	allowed: readonly (keyof MeasureOptions)[],
	where: string,
): void {
	const odd = (Object.keys(options) as (keyof MeasureOptions)[]).find(
		(key) => options[key] !== undefined && !allowed.includes(key),
	);
	if (odd === undefined) return;
	reject(where, `${odd}: a run is evaluated on sequences of its own; allowed is ${allowed.join(", ")}`);
}
