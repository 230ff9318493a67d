import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Checkpoint, type FindFile, readFolder, readGguf } from "./checkpoint.js";
import { quote, refuse } from "./errors.js";
import type { OnProgress } from "./weights-spec.js";

/** How a checkpoint is found and fetched. */
export interface CheckpointOptions {
	/** Branch, tag or commit of a hub id; default "main". */
	readonly revision?: string;
	/** Use only what the hub cache has; default: what HF_HUB_OFFLINE says. */
	readonly offline?: boolean;
	readonly onProgress?: OnProgress;
	/** Used for the hub; default: the global one. */
	readonly fetch?: typeof fetch;
	readonly signal?: AbortSignal;
	/** Open a training checkpoint of a folder: the weights after this step, `checkpoints/<step>.safetensors`. */
	readonly step?: number | undefined;
}

/**
 * Opens a model (Node): a Hugging Face folder, a `.gguf` file, or a hub id `owner/name`, which is
 * fetched into the cache that all Hugging Face tools share. A path that exists is taken before a hub id.
 */
export async function openCheckpoint(ref: string, options: CheckpointOptions = {}): Promise<Checkpoint> {
	if (ref.startsWith("file:")) return openCheckpoint(fileURLToPath(ref), options);
	const info = await stat(ref).catch(() => undefined);
	if (info?.isDirectory()) return readFolder(ref, findIn(ref), { step: options.step });
	if (info?.isFile()) return readGguf(ref, { path: ref });
	if (!isHubId(ref)) {
		refuse(
			quote(ref),
			"no such folder or file; allowed: a model folder, a .gguf file, a hub id (owner/name)",
		);
	}
	// imported on use: only hub ids need the hub's client
	const { hubSnapshot } = await import("./hub-node.js");
	const folder = await hubSnapshot(ref, options);
	return readFolder(ref, findIn(folder), { step: options.step });
}

/** Looks files up in a folder on disk. */
export function findIn(folder: string): FindFile {
	return async (name) => {
		const path = join(folder, name);
		const info = await stat(path).catch(() => undefined);
		return info?.isFile() ? { path } : undefined;
	};
}

/** Whether `ref` can be a hub id; names with an ending of a file, or that begin like a path, are not. */
function isHubId(ref: string): boolean {
	return (
		/^(?![.-])[\w.-]{1,96}(\/(?![.-])[\w.-]{1,96})?$/.test(ref) && !/\.(gguf|safetensors|json)$/.test(ref)
	);
}
