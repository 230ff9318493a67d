import type { InferenceSession, Tensor, TypedTensor } from "onnxruntime-common";
import type { Provider } from "../graph/op.js";
import type { MessagePortLike } from "./rpc.js";

/** What of ONNX Runtime headscope uses; both packages have it. */
export interface Ort {
	readonly InferenceSession: {
		create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
	};
	readonly Tensor: new (
		type: "float32",
		data: Float32Array,
		dims: readonly number[],
	) => TypedTensor<"float32">;
}

/** ONNX Runtime on one platform. `#ort` resolves to the file that makes it: the only platform fork of the engine. */
export interface Platform {
	readonly ort: Ort;
	/** Providers that this build has. Whether the hardware is there shows when a session is made. */
	readonly providers: readonly Provider[];
	readonly defaultProvider: Provider;
}

/** What decides which runtime is loaded, and how. */
export interface PlatformOptions {
	readonly provider?: Provider | undefined;
	/** Threads of a WASM runtime; fixed when it is first loaded. */
	readonly threads: number;
	/** Folder of a WASM runtime's files, by address; fixed when it is first loaded. */
	readonly runtimeFiles?: string | undefined;
}

/** The engine's thread. */
export interface EngineThread {
	readonly port: MessagePortLike;
	terminate(): Promise<void>;
}

export type OrtTensor = Tensor;
