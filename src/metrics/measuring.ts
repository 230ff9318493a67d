import { ScoreError } from "../scores/row.js";
import { TaskError } from "../tasks/index.js";
import { reject } from "./errors.js";
import type { Measure, MeasureOf, MeasureOptions } from "./metric.js";
import { kindOf, type MetricData, parseMetric } from "./registry.js";

/**
 * Binds a metric to a model and the rows it is computed on; where the options give none, the metric makes its own.
 * @param metric a name such as "loss" or "loss@51:100", or data
 * @param where what errors call the metric. Default its name
 * @throws {MetricError} for what is no metric, or does not fit the model or the rows
 */
export async function measuring(
	of: MeasureOf,
	metric: string | MetricData,
	options: MeasureOptions = {},
	where?: string,
): Promise<Measure> {
	const data = parseMetric(metric, where);
	const at = where ?? data.kind;
	try {
		return await kindOf(data.kind, "metric").measure(data, { of, options, where: at });
	} catch (error) {
		// a score that there is not, rows that cannot be made
		if (error instanceof ScoreError || error instanceof TaskError) reject(at, error.message);
		throw error;
	}
}
