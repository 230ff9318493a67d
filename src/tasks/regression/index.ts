export type { Baseline, BaselineInput } from "./baseline.js";
export { MAX_TASKS } from "./check.js";
export { type DmmseInput, dmmse } from "./dmmse.js";
export type { Estimate } from "./estimate.js";
export {
	type Baselines,
	type DrawOptions,
	type Evaluation,
	type EvaluationBatch,
	Evaluator,
	type EvaluatorOptions,
	type MetricOptions,
	type Predict,
} from "./evaluator.js";
export { GROUPS, type Group, type MetricKeys } from "./metric-keys.js";
export {
	PATTERN_SCORES,
	type PatternScore,
	patternEntropies,
	patternScores,
	type QueryScores,
	queryScores,
} from "./pattern-scores.js";
export { type RecallSamples, recall, recallTokens } from "./recall.js";
export { ridge } from "./ridge.js";
export {
	applyTransformations,
	basisBatch,
	basisInputs,
	type RegressionBatch,
	RegressionSequences,
} from "./sequences.js";
export {
	discreteTasks,
	fromTable,
	gaussianTasks,
	type SeedOrStream,
	singletonTask,
	streamOf,
	type TaskDistribution,
	taskDistribution,
} from "./task-distribution.js";
export { decodePredictions, decodeTokens, encodeTokens, tokenName, tokenNames } from "./tokens.js";
