import { loadModel } from "headscope";
import type { ExperimentHost } from "headscope/experiments";
import { loadSae, type Sae } from "headscope/sae";
import { defaultThreads } from "../../runtime/ort-node.js";
import type { StudioHost } from "../service/host.js";
import { baseOf } from "../step-ref.js";
import { nodeCheckpoints } from "./checkpoints-node.js";

/** Models that come with the package. */
const EMBEDDED = ["demo", "demo-llama"];

export interface NodeHostOptions {
	/** Folders, .gguf files or hub ids; only these and the embedded models can be opened from the page. */
	readonly models: readonly string[];
	/** Folders of sparse autoencoders in SAELens' layout; only these can be taken by a change. Default none. */
	readonly dictionaries?: readonly string[];
	readonly versions: Readonly<Record<string, string>>;
	readonly loadModel?: ExperimentHost["loadModel"];
}

/** The studio in Node: every model in an engine thread of its own, the checkpoints of all trainings in one. */
export function nodeHost({
	models,
	dictionaries = [],
	versions,
	loadModel: load = loadModel,
}: NodeHostOptions): StudioHost {
	const allowed = [...new Set([...models, ...EMBEDDED])];
	const threads = defaultThreads();
	const checkpoints = nodeCheckpoints();
	const read = new Map<string, Promise<Sae>>();
	return {
		models: allowed,
		anyModel: false,
		engine: `ONNX Runtime in Node, ${threads} thread${threads === 1 ? "" : "s"}`,
		versions,
		checkpoints,
		dictionaries,
		async loadDictionary(folder) {
			if (!dictionaries.includes(folder))
				throw new Error(`autoencoder "${folder}", allowed ${dictionaries.join(", ") || "none"}`);
			const reading = read.get(folder) ?? loadSae(folder);
			read.set(folder, reading);
			// the next try may find it
			reading.catch(() => read.delete(folder));
			return reading;
		},
		async openModel(ref, { signal, onProgress }) {
			const base = baseOf(ref);
			if (!allowed.includes(base)) throw new Error(`model "${ref}", allowed ${allowed.join(", ")}`);
			if (load !== loadModel) return load(ref);
			const engine = base === ref ? {} : { engine: await checkpoints.engine() };
			return loadModel(ref, { signal, onProgress, ...engine });
		},
	};
}
