import type { Provider } from "../graph/op.js";
import type { EngineThread, Ort, Platform, PlatformOptions } from "./platform.js";

let loaded: Promise<Platform> | undefined;

/** onnxruntime-web: WASM, and WebGPU where the browser has it. Threads need a cross-origin isolated page. */
export function loadPlatform(options: PlatformOptions): Promise<Platform> {
	loaded ??= load(options);
	return loaded;
}

async function load({ threads, provider, runtimeFiles }: PlatformOptions): Promise<Platform> {
	// the build with WebGPU is twice as large: it is loaded by who names another provider than the default
	const gpu = "gpu" in navigator && provider !== undefined && provider !== "wasm";
	const web = gpu ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
	web.env.wasm.numThreads = globalThis.crossOriginIsolated ? threads : 1;
	if (runtimeFiles !== undefined) web.env.wasm.wasmPaths = runtimeFiles;
	web.env.logLevel = "error";
	const providers: readonly Provider[] = gpu ? ["wasm", "webgpu"] : ["wasm"];
	return { ort: web as unknown as Ort, providers, defaultProvider: "wasm" };
}

export const canSpawn = true;

export function spawnEngineThread(): EngineThread {
	const worker = new Worker(new URL("./engine-worker.js", import.meta.url), {
		type: "module",
		name: "headscope engine",
	});
	return {
		port: {
			post: (message, transfer) => worker.postMessage(message, (transfer ?? []) as Transferable[]),
			listen: (onMessage, onError) => {
				worker.onmessage = (event) => onMessage(event.data);
				worker.onerror = (event) =>
					onError(new Error(event.message || "the engine's worker failed to start"));
			},
		},
		terminate: async () => worker.terminate(),
	};
}

/** The other end of the port, inside the engine's worker. */
export async function parentPort(): Promise<EngineThread["port"]> {
	const scope = globalThis as unknown as {
		postMessage(m: unknown, t: Transferable[]): void;
		onmessage: unknown;
	};
	return {
		post: (message, transfer) => scope.postMessage(message, (transfer ?? []) as Transferable[]),
		listen: (onMessage) => {
			scope.onmessage = (event: MessageEvent) => onMessage(event.data);
		},
	};
}

export function defaultThreads(): number {
	return Math.min(8, navigator.hardwareConcurrency || 1);
}

/** Lets the thread turn to its events; a timer would wait milliseconds. */
export function nextTurn(): Promise<void> {
	return new Promise((resolve) => {
		const { port1, port2 } = new MessageChannel();
		port1.onmessage = () => {
			port1.close();
			resolve();
		};
		port2.postMessage(null);
	});
}
