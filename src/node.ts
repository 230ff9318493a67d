/** What only Node can do: files of weights and experiments, trained runs and their storages, and figures as PNG. */
export {
	type ExperimentHostOptions,
	experimentHost,
	readExperiment,
	runExperimentFile,
} from "./experiments/experiment-node.js";
export { type PngOptions, svgToPng } from "./figures/png-node.js";
export { checkpointSteps } from "./models/checkpoint-steps-node.js";
export { openStorage } from "./runs/open-storage-node.js";
export { type ResolveRunOptions, resolveRun } from "./runs/resolve-run-node.js";
export type { Run } from "./runs/run.js";
export { type FindRunOptions, findRun, type GetRunOptions, getRun, getUniqueRun } from "./runs/run-node.js";
export { LocalStorage, openCheckpoints, openStorages, readEnvironment, readSweep } from "./train/node.js";
export { type CheckpointOptions, fileSource, openCheckpoint, saveSafetensors } from "./weights/node.js";
