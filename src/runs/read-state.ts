import type { Tensor } from "../tensor/index.js";
import type { CheckpointFile } from "../train/checkpoint-store.js";
import { reject } from "../train/errors.js";
import { messageOf } from "../weights/errors.js";
import { bytesSource, readSafetensors, readTorchCheckpoint } from "../weights/index.js";

/** In front of what a checkpoint holds beside the model. */
const OPTIMIZER = "optimizer.";

/**
 * The state dict in a checkpoint, of headscope or of the Python trainer; the optimizer's vectors are left out.
 * @throws {TrainError} that names the file, where it is damaged or of another kind
 */
export async function readState(file: CheckpointFile): Promise<ReadonlyMap<string, Tensor>> {
	try {
		if (file.format === "pt") return (await readTorchCheckpoint(bytesSource(file.bytes, file.where))).model;
		const { tensors } = await readSafetensors(file.bytes, file.where);
		return new Map([...tensors].filter(([name]) => !name.startsWith(OPTIMIZER)));
	} catch (error) {
		const message = messageOf(error);
		return reject(file.where, `is no checkpoint: ${message.replace(`${file.where}: `, "")}`, error);
	}
}
