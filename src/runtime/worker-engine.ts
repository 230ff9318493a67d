import { spawnEngineThread } from "#ort";
import type { Provider } from "../graph/op.js";
import type { Program } from "../onnx/compile.js";
import { type Data, type DType, Tensor } from "../tensor/index.js";
import type { Progress, WeightsSpec } from "../weights/index.js";
import { BoundedMap } from "./bounded-map.js";
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
import { Client, type ErrorMessage } from "./rpc.js";

/** A tensor as it travels between threads. */
export interface TensorMessage {
	dtype: DType;
	shape: readonly number[];
	data: Data;
}

export const pack = ({ dtype, shape, data }: Tensor): TensorMessage => ({ dtype, shape, data });
export const unpack = ({ dtype, shape, data }: TensorMessage): Tensor =>
	new Tensor(dtype, shape, data as never);

/** What the table of programs that were sent may weigh, here and in the thread. */
const PROGRAM_BYTES = 256 * 2 ** 20;

/** Programs by the number under which they were sent; bounded, so an old one may have to be sent again. */
export class ProgramTable {
	private readonly programs: BoundedMap<number, Program>;

	constructor(limit = PROGRAM_BYTES) {
		this.programs = new BoundedMap(limit);
	}

	/** @throws {UnknownProgramError} if only the number came and the program is not here any more */
	resolve({ id, program, weights }: SentProgram): Program {
		if (program) {
			this.programs.set(id, program, program.onnx.byteLength + 2 * program.key.length);
			return program;
		}
		const known = this.programs.get(id);
		if (!known) throw new UnknownProgramError(`program ${id} has to be sent again`);
		return { ...known, weights };
	}
}

/** A program, or only its number once it has been sent. */
export interface SentProgram {
	readonly id: number;
	readonly program?: Program | undefined;
	/** What it is bound to this time: programs of one key may differ in that. */
	readonly weights: Program["weights"];
}

export class UnknownProgramError extends Error {
	override readonly name = "UnknownProgramError";
}

/** An engine in a thread of its own; programs, feeds and results travel, weights stay there. */
export class WorkerEngine implements Engine {
	/** Numbers under which programs were sent, by key. */
	private readonly sent = new BoundedMap<string, number>(PROGRAM_BYTES);
	private nextProgram = 0;

	private constructor(
		private readonly thread: EngineThread,
		private readonly client: Client,
		readonly provider: Provider,
	) {
		forgotten.register(this, { thread, client }, this);
	}

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

	async loadWeights(spec: WeightsSpec, { mode, onProgress, signal }: LoadOptions = {}): Promise<WeightsId> {
		const report = (progress: unknown): void => onProgress?.(progress as Progress);
		return (await this.client.call("loadWeights", { spec, mode }, { report, signal })) as WeightsId;
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
		{ program, weights, feeds, update }: RunRequest,
		{ signal, urgent }: RunOptions = {},
	): Promise<Map<string, Tensor>> {
		const packed = Object.entries(feeds).map(([name, tensor]) => [name, pack(tensor)]);
		const send = (sent: SentProgram): Promise<unknown> =>
			this.client.call("run", { sent, weights, feeds: packed, update, urgent }, { signal });
		// the program's bytes travel once; afterwards its number is enough
		const known = this.sent.get(program.key);
		const id = known ?? this.nextProgram++;
		this.sent.set(program.key, id, 2 * program.key.length);
		const bound = program.weights;
		const results = await (known === undefined
			? send({ id, program, weights: bound })
			: send({ id, weights: bound }).catch((error: Error) => {
					if (error.name === "UnknownProgramError") return send({ id, program, weights: bound });
					throw error;
				}));
		return new Map((results as [string, TensorMessage][]).map(([name, tensor]) => [name, unpack(tensor)]));
	}

	async dispose(): Promise<void> {
		forgotten.unregister(this);
		await end({ thread: this.thread, client: this.client });
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}
}

/** The thread of an engine and what calls it. */
interface Served {
	readonly thread: EngineThread;
	readonly client: Client;
}

/** Ends a thread behind what it is in the middle of: ended while native code runs it takes the process with it. */
async function end({ thread, client }: Served): Promise<void> {
	await client.close(new EngineError("the engine was disposed of"), "dispose");
	await thread.terminate();
}

/** Ends the thread of an engine that was dropped without `dispose`, whenever the collector finds out. */
const forgotten = new FinalizationRegistry<Served>((served) => void end(served));

/** The error with the name, message and stack that it had in the thread. */
function revive({ name, message, stack }: ErrorMessage): Error {
	const error: Error = name === "EngineError" ? new EngineError(message) : new Error(message);
	if (error.name !== name) Object.defineProperty(error, "name", { value: name });
	if (stack) error.stack = stack;
	return error;
}
