import { availableParallelism } from "node:os";
import { loadModel } from "headscope";
import type { ExperimentHost } from "headscope/experiments";
import type { StudioHost } from "../service/host.js";

/** Models that come with the package. */
const EMBEDDED = ["demo", "demo-llama"];

export interface NodeHostOptions {
	/** Folders, .gguf files or hub ids; only these and the embedded models can be opened from the page. */
	readonly models: readonly string[];
	readonly versions: Readonly<Record<string, string>>;
	readonly loadModel?: ExperimentHost["loadModel"];
}

/** The studio in Node: every model in an engine thread of its own. */
export function nodeHost({ models, versions, loadModel: load = loadModel }: NodeHostOptions): StudioHost {
	const allowed = [...new Set([...models, ...EMBEDDED])];
	const threads = Math.min(8, availableParallelism());
	return {
		models: allowed,
		anyModel: false,
		engine: `ONNX Runtime in Node, ${threads} thread${threads === 1 ? "" : "s"}`,
		versions,
		async openModel(ref, { signal, onProgress }) {
			const base = ref.replace(/@\d{1,15}$/, "");
			if (!allowed.includes(base)) throw new Error(`model "${ref}", allowed ${allowed.join(", ")}`);
			return load === loadModel ? loadModel(ref, { signal, onProgress }) : load(ref);
		},
	};
}
