import { type Checkpoint, readFolder, readGguf } from "./checkpoint.js";
import { refuse } from "./errors.js";
import type { CheckpointOptions } from "./open-checkpoint-node.js";

/** Opens a model by address (page): a `.gguf` file, or a folder whose files are fetched one by one. */
export async function openCheckpoint(ref: string, options: CheckpointOptions = {}): Promise<Checkpoint> {
	if (!/^(https?|blob):/.test(ref))
		refuse(
			ref,
			"a page cannot open a path or a hub id; allowed: an http(s) address of a folder or .gguf file",
		);
	const get = options.fetch ?? fetch;
	const reading = options.fetch ? { fetch: options.fetch } : {};
	if (ref.endsWith(".gguf")) return readGguf(ref, { url: ref }, reading);
	const base = ref.endsWith("/") ? ref : `${ref}/`;
	const find = async (name: string): Promise<{ url: string } | undefined> => {
		const url = base + name;
		const answer = await get(url, { method: "HEAD", ...(options.signal && { signal: options.signal }) });
		return answer.ok ? { url } : undefined;
	};
	return readFolder(ref, find, { ...reading, step: options.step });
}
