/** A metric that is not understood, lacks its data, or does not fit its model or rows: one line. */
export class MetricError extends Error {
	override readonly name = "MetricError";
}

/** Throws a {@link MetricError}; `where` is the metric or the place in the data that was given. */
export function reject(where: string, what: string): never {
	throw new MetricError(`${where}: ${what}`);
}
