import type { Provider } from "../graph/op.js";
import type { Program } from "../onnx/compile.js";
import type { Tensor } from "../tensor/index.js";
import type { Progress, WeightsSpec } from "../weights/index.js";

/** Names a set of weights that an engine holds. */
export type WeightsId = string;

export interface RunRequest {
	readonly program: Program;
	/** Where the program's weights come from; needed when it has any. */
	readonly weights?: WeightsId | undefined;
	readonly feeds: Readonly<Record<string, Tensor>>;
	/**
	 * Outputs that take the place of bound weights instead of being returned, by the weight's name: state
	 * that stays in the engine from one run to the next.
	 */
	readonly update?: Readonly<Record<string, string>> | undefined;
}

/**
 * Runs programs. The same interface is served in the calling thread, by a worker thread in Node and by
 * a web worker in a page, so everything in it is plain data.
 */
export interface Engine extends AsyncDisposable {
	readonly provider: Provider;
	/** Reads weights where the engine runs, so that they are never copied between threads. */
	loadWeights(spec: WeightsSpec, options?: LoadOptions): Promise<WeightsId>;
	/** Hands over tensors that are in memory already. */
	putWeights(tensors: ReadonlyMap<string, Tensor<"float32">>): Promise<WeightsId>;
	/** A copy of one weight. */
	readWeight(weights: WeightsId, name: string): Promise<Tensor<"float32">>;
	/** Forgets a set of weights; later runs that name it fail. */
	freeWeights(weights: WeightsId): Promise<void>;
	/** Runs a program; outputs under the names they were given in the graph. */
	run(request: RunRequest, options?: RunOptions): Promise<Map<string, Tensor>>;
	/** Ends the engine: sessions, weights, and its thread where it has one. */
	dispose(): Promise<void>;
}

/**
 * How an engine holds weights.
 *
 * - "bound": in memory, given to every session as inputs. Any number of programs share one copy and a
 *   program is ready in some hundredths of a second; the runtime packs the matrices anew on each run.
 * - "mapped": left in their float32 safetensors files, which each session maps and packs once. Runs are
 *   faster, most of all on short sequences, but every program costs a session of the weights' size.
 *   Node only. The two use different kernels, so their results differ in the last bits.
 */
export type WeightsMode = "bound" | "mapped";

export interface LoadOptions {
	/** Default "bound". */
	mode?: WeightsMode;
	onProgress?: (progress: Progress) => void;
	signal?: AbortSignal;
}

export interface RunOptions {
	/** Rejects with the signal's reason as soon as it is aborted; a step that is under way ends unheard. */
	signal?: AbortSignal | undefined;
	/** Goes before the runs that wait: somebody is watching. The one that is under way ends first. Default false. */
	urgent?: boolean | undefined;
}

export interface EngineOptions {
	/** Default "cpu" (in a page "wasm"). */
	provider?: Provider;
	/** Start the runtime at once instead of with the first session: in a page it is fetched meanwhile. Default false. */
	warm?: boolean;
	/** Threads of the runtime. Default: what HEADSCOPE_THREADS says (in Node), else the machine's cores, at most 8. */
	threads?: number;
	/**
	 * Let idle threads of a session wait busily for the next kernel: faster where one session runs again and
	 * again on cores that nothing else needs, as in training. Default false.
	 */
	spin?: boolean;
	/**
	 * In a page: address of the folder that has ONNX Runtime's WASM files, with "/" at its end. Default: where a bundler put
	 * them. The first engine of a thread decides.
	 */
	runtimeFiles?: string;
	/** Upper bound in bytes for compiled sessions that are kept. Default 1 GiB. */
	sessionBytes?: number;
	/** Upper bound in bytes for programs that an engine's own thread remembers. Default 256 MiB. */
	programBytes?: number;
	/** "worker" (default) keeps the calling thread free and runs cancellable; "same" runs in the caller's thread. */
	thread?: "worker" | "same";
}

/** A run that the engine cannot do, or an engine that is gone. */
export class EngineError extends Error {
	override readonly name = "EngineError";
}
