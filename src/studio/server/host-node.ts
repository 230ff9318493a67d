import { availableParallelism } from "node:os";
import { loadModel } from "headscope";
import type { ExperimentHost } from "headscope/experiments";
import type { StudioHost } from "../service/host.js";
import { baseOf } from "../step-ref.js";
import { nodeCheckpoints } from "./checkpoints-node.js";

/** Models that come with the package. */
const EMBEDDED = ["demo", "demo-llama"];

export interface NodeHostOptions {
	/** Folders, .gguf files or hub ids; only these and the embedded models can be opened from the page. */
	readonly models: readonly string[];
	readonly versions: Readonly<Record<string, string>>;
	readonly loadModel?: ExperimentHost["loadModel"];
}

/** The studio in Node: every model in an engine thread of its own, the checkpoints of all trainings in one. */
export function nodeHost({ models, versions, loadModel: load = loadModel }: NodeHostOptions): StudioHost {
	const allowed = [...new Set([...models, ...EMBEDDED])];
	const threads = Math.min(8, availableParallelism());
	const checkpoints = nodeCheckpoints();
	return {
		models: allowed,
		anyModel: false,
		engine: `ONNX Runtime in Node, ${threads} thread${threads === 1 ? "" : "s"}`,
		versions,
		checkpoints,
		async openModel(ref, { signal, onProgress }) {
			const base = baseOf(ref);
			if (!allowed.includes(base)) throw new Error(`model "${ref}", allowed ${allowed.join(", ")}`);
			if (load !== loadModel) return load(ref);
			const engine = base === ref ? {} : { engine: await checkpoints.engine() };
			return loadModel(ref, { signal, onProgress, ...engine });
		},
	};
}
