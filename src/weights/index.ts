export { type Checkpoint, type CheckpointEntry, openCheckpointFiles } from "./checkpoint.js";
export { WeightsError } from "./errors.js";
export { type GgufHeader, type GgufScalar, type GgufValue, MAX_GGUF_HEADER, readGgufHeader } from "./gguf.js";
export { type LoadOptions, loadHeld, loadWeights } from "./load-weights.js";
export { locateWeights, type WeightPlace } from "./locate-weights.js";
export type { CheckpointOptions } from "./open-checkpoint-node.js";
export { type FileRef, nameOf, openSource, withSource } from "./open-source.js";
export {
	MAX_SAFETENSORS_HEADER,
	readSafetensors,
	readSafetensorsEntry,
	readSafetensorsHeader,
	type SafetensorsContent,
	type SafetensorsHeader,
} from "./safetensors.js";
export { blobSource, bytesSource, type Source, urlSource } from "./source.js";
export type { TensorEntry } from "./tensor-entry.js";
export { readTensorFile, type TensorFile } from "./tensor-file.js";
export {
	readTorchCheckpoint,
	readTorchFile,
	type TorchCheckpoint,
	type TorchData,
} from "./torch-checkpoint.js";
export { TorchStub } from "./torch-values.js";
export type { OnProgress, Progress, TensorSpec, Transform, WeightsSpec } from "./weights-spec.js";
export { writeSafetensors } from "./write-safetensors.js";
