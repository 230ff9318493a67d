import { createEngine, type Engine, loadCheckpoint, type Model, openModel } from "headscope";
import { type Checkpoint, openCheckpointFiles } from "headscope/weights";
import type { OpenOptions, StudioHost } from "./host.js";
import { hubAddress, withKeptFiles } from "./kept-files.js";
import { pageCheckpoints } from "./page-checkpoints.js";
import { checkMemory } from "./page-memory.js";

declare const __HEADSCOPE_VERSION__: string;
declare const __ORT_VERSION__: string;

/** Models that lie beside the page, in `models/`. */
const BUNDLED = ["demo", "demo-llama"];

/** Where ONNX Runtime Web computes. */
export type PageProvider = "wasm" | "webgpu";

/**
 * The studio in a page's worker: ONNX Runtime Web, in this very thread.
 * @param base address of the page's folder, with models/ and ort/
 * @param provider where it is not to be had, WASM computes and says so
 */
export async function pageHost(base: string, provider: PageProvider = "wasm"): Promise<StudioHost> {
	const isolated = globalThis.crossOriginIsolated;
	const threads = isolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
	const { engine, note } = await startEngine(base, provider, threads);
	const load = async (checkpoint: Checkpoint, ref: string, options: OpenOptions): Promise<Model> => {
		checkMemory(checkpoint, ref);
		const kept = await withKeptFiles(checkpoint, base, options);
		return loadCheckpoint({ ...kept, origin: ref }, { engine, ...options });
	};
	const threadsNote = `${threads} thread${threads === 1 ? "" : "s"}${isolated ? "" : ", since this page is not isolated from other origins"}`;
	return {
		models: BUNDLED,
		anyModel: true,
		engine: `${engine.provider === "webgpu" ? "WebGPU" : `WASM, ${threadsNote}`}${note}`,
		versions: { headscope: __HEADSCOPE_VERSION__, "onnxruntime-web": __ORT_VERSION__ },
		checkpoints: pageCheckpoints(base, engine, BUNDLED),
		async openModel(ref, options) {
			if (ref.startsWith("file:"))
				throw new Error(
					`${ref.slice(5)} was a file dropped on the page, which an address cannot hold; drop it again`,
				);
			return load(await openModel(addressOf(ref, base), { signal: options.signal }), ref, options);
		},
		async openFiles(files, options) {
			const sources = files.map(({ name, blob }) => ({ name, source: { blob, name } }));
			return load(await openCheckpointFiles(sources), `file:${files[0]?.name ?? ""}`, options);
		},
	};
}

async function startEngine(
	base: string,
	provider: PageProvider,
	threads: number,
): Promise<{ engine: Engine; note: string }> {
	const start = (name: PageProvider): Promise<Engine> =>
		createEngine({ provider: name, threads, thread: "same", warm: true, runtimeFiles: `${base}ort/` });
	if (provider === "wasm") return { engine: await start("wasm"), note: "" };
	try {
		return { engine: await start("webgpu"), note: "" };
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		return { engine: await start("wasm"), note: `; no WebGPU: ${reason}` };
	}
}

/** Where a model's files are: "demo" and "demo@400" lie beside the page, "owner/name" on the hub. */
function addressOf(ref: string, base: string): string {
	const [, name = ref, step = ""] = /^(.+?)(@\d{1,15})?$/.exec(ref) ?? [];
	if (BUNDLED.includes(name)) return `${base}models/${name}/${step}`;
	return hubAddress(name) ?? ref;
}
