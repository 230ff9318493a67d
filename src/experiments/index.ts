/** Experiments as files: a model, rows, interventions and metrics, carried out the same everywhere. */
export { ExperimentError } from "./errors.js";
export { experimentJsonSchema } from "./json-schema.js";
export { type Experiment, type ExperimentData, parseExperiment } from "./parse-experiment.js";
export {
	type ExperimentHost,
	type ExperimentResult,
	type MetricResult,
	type RunExperimentOptions,
	runExperiment,
} from "./run-experiment.js";
