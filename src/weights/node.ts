export { fileSource } from "./file-source-node.js";
export * from "./index.js";
export { type CheckpointOptions, openCheckpoint } from "./open-checkpoint-node.js";
export { saveSafetensors } from "./save-safetensors-node.js";
