import { createEngine, loadCheckpoint, type Model, openModel } from "headscope";
import { openCheckpointFiles } from "headscope/weights";
import type { OpenOptions, StudioHost } from "./host.js";
import { pageCheckpoints } from "./page-checkpoints.js";

/** Models that lie beside the page, in `models/`. */
const BUNDLED = ["demo", "demo-llama"];

/**
 * The studio in a page's worker: ONNX Runtime Web, in this very thread.
 * @param base address of the page's folder, with models/ and ort/
 */
export async function pageHost(base: string, provider: "wasm" | "webgpu" = "wasm"): Promise<StudioHost> {
	const threads = globalThis.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
	const engine = await createEngine({ provider, threads, thread: "same", runtimeFiles: `${base}ort/` });
	const load = async (
		checkpoint: ReturnType<typeof openModel>,
		{ signal, onProgress }: OpenOptions,
	): Promise<Model> => loadCheckpoint(await checkpoint, { engine, signal, onProgress });
	return {
		models: BUNDLED,
		anyModel: true,
		engine: `${provider === "wasm" ? "WASM" : "WebGPU"} in this page, ${threads} thread${threads === 1 ? "" : "s"}`,
		versions: { headscope: __HEADSCOPE_VERSION__, "onnxruntime-web": __ORT_VERSION__ },
		checkpoints: pageCheckpoints(base, engine, BUNDLED),
		openModel: (ref, options) => load(openModel(addressOf(ref, base), { signal: options.signal }), options),
		openFiles: (files, options) =>
			load(openCheckpointFiles(files.map(({ name, blob }) => ({ name, source: { blob, name } }))), options),
	};
}

/** Where a model's files are: "demo" and "demo@400" lie beside the page, anything else is an address. */
function addressOf(ref: string, base: string): string {
	const [, name = ref, step = ""] = /^(.+?)(@\d{1,15})?$/.exec(ref) ?? [];
	return BUNDLED.includes(name) ? `${base}models/${name}/${step}` : ref;
}

declare const __HEADSCOPE_VERSION__: string;
declare const __ORT_VERSION__: string;
