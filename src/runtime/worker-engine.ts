import { spawnEngineThread } from "#ort";
import type { Provider } from "../graph/op.js";
import { type Data, type DType, Tensor } from "../tensor/index.js";
import type { Progress, WeightsSpec } from "../weights/index.js";
import {
	type Engine,
	EngineError,
	type EngineOptions,
	type LoadOptions,
	type RunOptions,
	type RunRequest,
	type WeightsId,
} from "./engine.js";
import type { EngineThread } from "./platform.js";
import { Client } from "./rpc.js";

/** A tensor as it travels between threads. */
export interface TensorMessage {
	dtype: DType;
	shape: readonly number[];
	data: Data;
}

export const pack = ({ dtype, shape, data }: Tensor): TensorMessage => ({ dtype, shape, data });
export const unpack = ({ dtype, shape, data }: TensorMessage): Tensor =>
	new Tensor(dtype, shape, data as never);

/** An engine in a thread of its own; programs, feeds and results travel, weights stay there. */
export class WorkerEngine implements Engine {
	private readonly sent = new Set<string>();

	private constructor(
		private readonly thread: EngineThread,
		private readonly client: Client,
		readonly provider: Provider,
	) {}

	static async create(options: EngineOptions = {}): Promise<WorkerEngine> {
		const thread = spawnEngineThread();
		const client = new Client(thread.port, revive);
		try {
			const provider = (await client.call("create", options)) as Provider;
			return new WorkerEngine(thread, client, provider);
		} catch (error) {
			await thread.terminate();
			throw error;
		}
	}

	async loadWeights(spec: WeightsSpec, { onProgress, signal }: LoadOptions = {}): Promise<WeightsId> {
		const report = (progress: unknown): void => onProgress?.(progress as Progress);
		return (await abortable(this.client.call("loadWeights", spec, report), signal)) as WeightsId;
	}

	async putWeights(tensors: ReadonlyMap<string, Tensor<"float32">>): Promise<WeightsId> {
		const packed = [...tensors].map(([name, tensor]) => [name, pack(tensor)]);
		return (await this.client.call("putWeights", packed)) as WeightsId;
	}

	async readWeight(weights: WeightsId, name: string): Promise<Tensor<"float32">> {
		return unpack(
			(await this.client.call("readWeight", { weights, name })) as TensorMessage,
		) as Tensor<"float32">;
	}

	async freeWeights(weights: WeightsId): Promise<void> {
		await this.client.call("freeWeights", weights);
	}

	async run(
		{ program, weights, feeds }: RunRequest,
		{ signal }: RunOptions = {},
	): Promise<Map<string, Tensor>> {
		signal?.throwIfAborted();
		const packed = Object.entries(feeds).map(([name, tensor]) => [name, pack(tensor)]);
		// the program's bytes travel once; afterwards its key is enough
		const known = this.sent.has(program.key);
		this.sent.add(program.key);
		const request = { program: known ? program.key : program, weights, feeds: packed };
		const results = (await abortable(this.client.call("run", request), signal)) as [string, TensorMessage][];
		return new Map(results.map(([name, tensor]) => [name, unpack(tensor)]));
	}

	async dispose(): Promise<void> {
		this.client.fail(new EngineError("the engine was disposed of"));
		await this.thread.terminate();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}
}

function revive({ name, message }: { name: string; message: string }): Error {
	if (name === "EngineError") return new EngineError(message);
	const error = new Error(message);
	error.name = name;
	return error;
}

/** Settles as the promise does, or rejects at once when the signal is aborted. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (!signal) return promise;
	signal.throwIfAborted();
	let onAbort: (() => void) | undefined;
	const aborted = new Promise<never>((_, reject) => {
		onAbort = () => reject(signal.reason);
		signal.addEventListener("abort", onAbort, { once: true });
	});
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		if (onAbort) signal.removeEventListener("abort", onAbort);
		promise.catch(() => {}); // its error has been answered by the abort
	}
}
