/**
 * In-context linear regression transformers: tasks and sequences, the model, the optimal predictors, the
 * evaluator, runs and their training.
 */
export { type RegressionConfig, type RegressionTask, regressionConfig } from "./models/regression/config.js";
export { RegressionModel, type RegressionModelOptions } from "./models/regression/regression-model.js";
export { initialWeights, stateDict } from "./models/regression/weights.js";
export { NumpyRandom, RandomStreams, TorchRandom } from "./random/index.js";
export { describeRun } from "./runs/describe-run.js";
export { type RestoreOptions, restoreRun } from "./runs/restore-run.js";
export { type CheckpointSource, type OpenRunOptions, Run, type RunDescription } from "./runs/run.js";
export { type TrainRunOptions, trainRun } from "./runs/train-run.js";
export * from "./tasks/regression/index.js";
