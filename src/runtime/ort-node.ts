import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Provider } from "../graph/op.js";
import type { EngineThread, Ort, Platform } from "./platform.js";

let loaded: Promise<Platform> | undefined;

/** onnxruntime-node, or the WASM runtime where the native one is not installed or does not load. */
export function loadPlatform(): Promise<Platform> {
	loaded ??= load();
	return loaded;
}

async function load(): Promise<Platform> {
	try {
		const native = await import("onnxruntime-node");
		const backends = native.listSupportedBackends().map((b) => b.name);
		const known: readonly Provider[] = ["cpu", "webgpu", "cuda"];
		return {
			ort: native as unknown as Ort,
			providers: known.filter((p) => backends.includes(p)),
			defaultProvider: "cpu",
		};
	} catch (error) {
		const web = await import("onnxruntime-web");
		const [reason] = String((error as Error).message).split("\n");
		process.stderr.write(
			`headscope: onnxruntime-node is not usable here (${reason}); using the slower WASM runtime\n`,
		);
		return { ort: web as unknown as Ort, providers: ["wasm"], defaultProvider: "wasm" };
	}
}

/** Whether the engine's thread can be started: it needs the built JavaScript file. */
export const canSpawn: boolean = import.meta.url.endsWith(".js");

export function spawnEngineThread(): EngineThread {
	const worker = new Worker(new URL("./engine-worker.js", import.meta.url), { name: "headscope engine" });
	// an idle engine must not keep the process alive; a pending call does
	worker.unref();
	return {
		port: {
			post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
			listen: (onMessage, onError) => {
				worker.on("message", onMessage);
				worker.on("error", onError);
				worker.on("exit", (code) => onError(new Error(`the engine's thread ended with code ${code}`)));
			},
			hold: () => worker.ref(),
			release: () => worker.unref(),
		},
		terminate: async () => {
			await worker.terminate();
		},
	};
}

/** The other end of the port, inside the engine's thread. */
export async function parentPort(): Promise<EngineThread["port"]> {
	const { parentPort: port } = await import("node:worker_threads");
	if (!port) throw new Error("internal: not in a worker thread");
	return {
		post: (message, transfer) => port.postMessage(message, transfer as ArrayBuffer[]),
		listen: (onMessage) => port.on("message", onMessage),
	};
}

export function defaultThreads(): number {
	return Math.min(8, availableParallelism());
}
