import type { Tensor } from "../tensor/index.js";
import { messageOf } from "../weights/errors.js";
import { readSafetensors, writeSafetensors } from "../weights/index.js";
import type { CheckpointFile } from "./checkpoint-store.js";
import { differingSettings } from "./differing-settings.js";
import { reject } from "./errors.js";
import type { Objective } from "./objectives/index.js";
import type { Optimizer } from "./optimizers/index.js";

/** Says in a file's metadata what it is. */
const FORMAT = "headscope-training";
/** In front of the optimizer's vectors; no parameter is named so. */
export const STATE = "optimizer.";

/** Where a run stands after the update of a step. */
export interface TrainingState {
	readonly step: number;
	/** By parameter. */
	readonly weights: ReadonlyMap<string, Tensor<"float32">>;
	/** The optimizer's vectors over all parameters in their order. */
	readonly state: ReadonlyMap<string, Tensor<"float32">>;
}

/**
 * A checkpoint as one safetensors file, so that it is whole or not there: the weights as the objective keeps
 * them, the optimizer's vectors as "optimizer.<name>", and as metadata the step and the settings as JSON.
 */
export function encodeTraining<C>(
	objective: Objective<C>,
	config: C,
	at: TrainingState,
	settings: object,
): Uint8Array {
	const tensors = new Map<string, Tensor>(objective.stateDict(config, at.weights));
	for (const [name, tensor] of at.state) tensors.set(STATE + name, tensor);
	return writeSafetensors(tensors, {
		format: FORMAT,
		step: String(at.step),
		settings: JSON.stringify(settings),
	});
}

/**
 * Refuses a training checkpoint of other settings than a run's, which decide its numbers: not all of them are in a
 * run's name. Of one that does not say its settings nothing is known, and nothing refused.
 * @throws {TrainError} that names what differs, and for a file that is no checkpoint
 */
export async function checkCheckpoint(
	{ bytes, format, where }: CheckpointFile,
	settings: object,
): Promise<void> {
	if (format !== "safetensors") return;
	const { metadata } = await readSafetensors(bytes, where).catch((error) =>
		reject(where, `is no checkpoint: ${messageOf(error)}`, error),
	);
	if (metadata.settings !== undefined) checkSettings(where, metadata, settings);
}

function checkSettings(where: string, { settings: text }: Record<string, string>, settings: object): void {
	// as JSON keeps them: infinitely many tasks are null
	const here = JSON.stringify(settings);
	if (text === here) return;
	let there: unknown;
	try {
		there = JSON.parse(text ?? "");
	} catch {
		reject(where, `was made with other settings: ${text ?? "none are told"}`);
	}
	const differing = differingSettings(there, JSON.parse(here));
	if (differing.length > 0) reject(where, `was made with other settings: ${differing.join(", ")}`);
}

/**
 * Reads a checkpoint to go on from.
 * @throws {TrainError} that names the file where it is broken, of another kind, or of other settings
 */
export async function decodeTraining<C>(
	file: CheckpointFile,
	objective: Objective<C>,
	config: C,
	optimizer: Optimizer,
	settings: object,
): Promise<TrainingState> {
	const { where } = file;
	if (file.format !== "safetensors") {
		reject(where, `a checkpoint of the Python trainer, whose runs cannot go on here; allowed: safetensors`);
	}
	const { tensors, metadata } = await readSafetensors(file.bytes, where).catch((error) =>
		reject(where, `is no checkpoint: ${messageOf(error)}`, error),
	);
	if (metadata.format !== FORMAT || metadata.step !== String(file.step)) {
		reject(
			where,
			`format ${metadata.format ?? "none"}, step ${metadata.step ?? "none"}; expected ${FORMAT}, step ${file.step}`,
		);
	}
	checkSettings(where, metadata, settings);
	if (optimizer.state.length > 0 && ![...tensors.keys()].some((name) => name.startsWith(STATE))) {
		reject(where, "holds weights without the optimizer's state: it can be restored, but not gone on from");
	}
	const state = new Map<string, Tensor<"float32">>();
	const rest = new Map(tensors);
	for (const name of optimizer.state) {
		const tensor = rest.get(STATE + name);
		if (tensor?.dtype !== "float32") reject(where, `has no float32 tensor "${STATE}${name}"`);
		state.set(name, tensor as Tensor<"float32">);
		rest.delete(STATE + name);
	}
	try {
		const weights = objective.readState(config, rest, where);
		const size = [...weights.values()].reduce((sum, tensor) => sum + tensor.size, 0);
		for (const [name, { shape }] of state) {
			if (shape.join() !== String(size))
				reject(where, `"${STATE}${name}" is [${shape.join(", ")}], expected [${size}]`);
		}
		return { step: file.step, weights, state };
	} catch (error) {
		return reject(where, messageOf(error), error);
	}
}
