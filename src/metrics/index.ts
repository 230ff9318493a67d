/** Metrics: numbers that say what a change of a model changed, each with an interval over rows. */
export { answerIds } from "./answers.js";
export { type Change, type CompareOptions, compareRows } from "./compare-rows.js";
export { MetricError } from "./errors.js";
export { metricSchema } from "./json-schema.js";
export { measuring } from "./measuring.js";
export type {
	BoundMetric,
	Measure,
	MeasureOf,
	MeasureOptions,
	MetricFeedFn,
	MetricKind,
	RegressionRun,
	SampleTask,
} from "./metric.js";
export { type MetricRunOptions, readMetric, readMetrics } from "./read-metric.js";
export { METRICS, type MetricData, parseMetric } from "./registry.js";
