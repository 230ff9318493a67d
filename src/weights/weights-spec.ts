import type { BlockForm } from "../tensor/index.js";
import type { FileRef } from "./open-source.js";

/** Where the weights of a model are and how they become its tensors: plain data, so it can be posted to a worker. */
export interface WeightsSpec {
	readonly files: readonly FileRef[];
	readonly tensors: readonly TensorSpec[];
}

/** One tensor of a model. */
export interface TensorSpec {
	/** Name in the model. */
	readonly name: string;
	/** Index into `files`. */
	readonly file: number;
	/** Name in the file. */
	readonly entry: string;
	/** Shape in the model, after `transform`, outermost axis first; anything else in the file is an error. */
	readonly shape: readonly number[];
	readonly transform?: Transform;
	/** Hold it as the file's blocks instead of as float32: a matrix of a block type of GGUF, not transposed. */
	readonly blocks?: BlockForm;
}

/**
 * A change of element order while loading.
 *
 * - `unpermute`: llama.cpp stores the rows of the query and key projections of a Llama model so that
 *   rows 2j and 2j + 1 of a head are rotated together; Hugging Face has rows j and j + d_head / 2.
 *   This gives Hugging Face's order. Axis 0 is [heads * d_head].
 * - `transpose`: the two axes of a matrix swapped.
 */
export type Transform =
	| { readonly kind: "unpermute"; readonly heads: number }
	| { readonly kind: "transpose" };

/** How far something is that takes a while. `done` and `total` are bytes over all files. */
export interface Progress {
	readonly stage: "download" | "load";
	/** The file or tensor at hand. */
	readonly what: string;
	readonly done: number;
	readonly total: number;
	/** Bytes per second since the start. */
	readonly rate: number;
}

/** Is called while bytes are fetched or converted. */
export type OnProgress = (progress: Progress) => void;

/** Turns counts of bytes into {@link Progress} with a rate. */
export function progressMeter(
	stage: Progress["stage"],
	total: number,
	onProgress: OnProgress | undefined,
): (what: string, bytes: number) => void {
	const start = performance.now();
	let done = 0;
	return (what, bytes) => {
		done += bytes;
		const seconds = Math.max(1e-3, (performance.now() - start) / 1000);
		onProgress?.({ stage, what, done, total, rate: done / seconds });
	};
}
