import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Provider } from "../graph/op.js";
import type { EngineThread, Ort, Platform, PlatformOptions } from "./platform.js";

let native: Promise<Platform | string> | undefined;
let wasm: Promise<Platform> | undefined;
let noticed = false;

/**
 * onnxruntime-node, or the WASM runtime: where the native one is not installed or does not load (with a
 * notice), where the provider "wasm" is asked for, or where HEADSCOPE_RUNTIME=wasm is set.
 */
export async function loadPlatform({ provider, threads }: PlatformOptions): Promise<Platform> {
	const wanted = process.env.HEADSCOPE_RUNTIME ?? "native";
	if (wanted !== "native" && wanted !== "wasm") {
		throw new RangeError(`HEADSCOPE_RUNTIME is "${wanted}", allowed: native, wasm`);
	}
	if (provider !== "wasm" && wanted === "native") {
		native ??= loadNative();
		const loaded = await native;
		if (typeof loaded !== "string") return loaded;
		if (!noticed) process.stderr.write(noticeOf(loaded));
		noticed = true;
	}
	wasm ??= loadWasm(threads);
	return wasm;
}

/** The native runtime, or in a line why not. */
async function loadNative(): Promise<Platform | string> {
	try {
		const ort = await import("onnxruntime-node");
		// errors are thrown; the runtime's log would say them twice
		ort.env.logLevel = "fatal";
		const backends = ort.listSupportedBackends().map((b) => b.name);
		const known: readonly Provider[] = ["cpu", "webgpu", "cuda"];
		const providers = known.filter((p) => backends.includes(p));
		return { ort: ort as unknown as Ort, providers: [...providers, "wasm"], defaultProvider: "cpu" };
	} catch (error) {
		return String((error as Error).message).split("\n")[0] as string;
	}
}

function noticeOf(reason: string): string {
	const cure = "ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node";
	return `headscope: onnxruntime-node is not usable here (${reason}); using the slower WASM runtime. To get it: ${cure}\n`;
}

async function loadWasm(threads: number): Promise<Platform> {
	const ort = await import("onnxruntime-web");
	ort.env.wasm.numThreads = threads;
	ort.env.logLevel = "error";
	return { ort: ort as unknown as Ort, providers: ["wasm"], defaultProvider: "wasm" };
}

/** Whether the engine's thread can be started: it needs the built JavaScript file. */
export const canSpawn: boolean = import.meta.url.endsWith(".js");

export function spawnEngineThread(): EngineThread {
	// a thread inherits the process's options, and refuses a file when one of them is --input-type
	const evaluated = process.execArgv.some((option) => option.startsWith("--input-type"));
	const worker = new Worker(new URL("./engine-worker.js", import.meta.url), {
		name: "headscope engine",
		// onnxruntime matches the process's command line with a recursion of its own, about 250 bytes a character: a
		// prompt of 16 kB as an argument would overflow a thread's usual 4 MB. Reserved, not used, until needed.
		resourceLimits: { stackSizeMb: 128 },
		...(evaluated && { execArgv: [] }),
	});
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

/**
 * What HEADSCOPE_THREADS says, else the machine's cores, at most 8.
 * @throws {RangeError} where it says something else than a number of threads
 */
export function defaultThreads(): number {
	const asked = process.env.HEADSCOPE_THREADS;
	if (asked === undefined) return Math.min(8, availableParallelism());
	if (/^[1-9]\d{0,2}$/.test(asked)) return Number(asked);
	throw new RangeError(`HEADSCOPE_THREADS is "${asked}", allowed 1 to 999`);
}

/** Lets the thread turn to its events. */
export function nextTurn(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
