/** Training runs: their configuration and names, sweeps, schedules, and where checkpoints are kept. */

export {
	type CheckpointFile,
	type CheckpointFormat,
	CheckpointStore,
	checkpointKey,
} from "./checkpoint-store.js";
export { TrainError } from "./errors.js";
export { type LanguageConfig, languageConfig } from "./language-config.js";
export { languageObjective, OBJECTIVES, type Objective, regressionObjective } from "./objectives/index.js";
export { OPTIMIZERS, type Optimizer, type OptimizerSettings } from "./optimizers/index.js";
export { parseSweep } from "./parse-sweep.js";
export { float, type PythonDict, type PythonValue, plain, pythonJson, WholeFloat } from "./python-json.js";
export { numTasks, numTrainingSamples, RunConfig, resolveConfig, withDefaults } from "./run-config.js";
export { type RunNames, runNames, slug } from "./run-name.js";
export type { RunOptions, StepReport, TrainResult } from "./run-plan.js";
export { openS3Storage, type S3Options } from "./s3-storage.js";
export { type Constant, type Cosine, type OneCycle, type Schedule, schedule } from "./schedule.js";
export {
	type Filters,
	getConfig,
	getSweepConfigs,
	getUniqueConfig,
	type SelectOptions,
} from "./select-runs.js";
export { expandSteps, reachedSteps, type StepsSetting } from "./steps.js";
export type { Storage } from "./storage.js";
export { type Sweep, type SweepOptions, type SweepRun, sweepSettings, sweepSize } from "./sweep.js";
export {
	type LanguageData,
	type LanguageTrainOptions,
	languageBatches,
	trainLanguage,
} from "./train-language.js";
export { type TrainOptions, trainRegression } from "./train-regression.js";
export { type Feeds, Trainer, type TrainerOptions } from "./trainer.js";
