import type { InferenceSession } from "onnxruntime-common";
import { defaultThreads, loadPlatform, nextTurn } from "#ort";
import { type Dim, evaluateDim, formatShape } from "../graph/dim.js";
import { bindFeeds } from "../graph/evaluate.js";
import { graphOf } from "../graph/graph.js";
import type { Provider } from "../graph/op.js";
import { input } from "../graph/ops/index.js";
import { callerName, compile, type Program } from "../onnx/compile.js";
import { type DType, Tensor } from "../tensor/index.js";
import { loadHeld, type WeightsSpec } from "../weights/index.js";
import { abortable } from "./abortable.js";
import {
	type Engine,
	EngineError,
	type EngineOptions,
	type LoadOptions,
	type RunOptions,
	type RunRequest,
	type WeightsId,
} from "./engine.js";
import { BoundWeights, type HeldWeights, MappedWeights, NO_WEIGHTS } from "./held-weights.js";
import { OutOfMemory, runError } from "./out-of-memory.js";
import type { OrtTensor, Platform } from "./platform.js";
import { Serial } from "./serial.js";
import { SessionCache } from "./session-cache.js";

const DEFAULT_SESSION_BYTES = 2 ** 30;
/** What a session costs beside its model bytes: thread pool, kernels, arena's first block (measured, rounded up). */
const SESSION_OVERHEAD = 2 ** 20;

/** An engine in the calling thread. `run` blocks it while ONNX Runtime computes. */
export class LocalEngine implements Engine {
	private readonly weights = new Map<WeightsId, HeldWeights>();
	private readonly sessions: SessionCache;
	private readonly queue = new Serial(nextTurn);
	private nextId = 0;
	private disposed = false;

	private constructor(
		private readonly platform: Platform,
		readonly provider: Provider,
		private readonly threads: number,
		private readonly spin: boolean,
		sessionBytes: number,
	) {
		this.sessions = new SessionCache(sessionBytes);
	}

	/** @throws {EngineError} if the provider does not work here; the message lists those that are there. */
	static async create(options: EngineOptions = {}): Promise<LocalEngine> {
		const threads = options.threads ?? defaultThreads();
		const { runtimeFiles } = options;
		const platform = await loadPlatform({ provider: options.provider, threads, runtimeFiles });
		const provider = options.provider ?? platform.defaultProvider;
		const refuse = (why: string, available: readonly Provider[]): never => {
			throw new EngineError(`provider "${provider}" ${why}; available: ${available.join(", ")}`);
		};
		if (!platform.providers.includes(provider)) refuse("is not available here", platform.providers);
		const engine = new LocalEngine(
			platform,
			provider,
			threads,
			options.spin ?? false,
			options.sessionBytes ?? DEFAULT_SESSION_BYTES,
		);
		if (isGpu(provider)) {
			const others = platform.providers.filter((p) => !isGpu(p));
			await engine.probe().catch((error: Error) => refuse(`does not start here (${reason(error)})`, others));
		} else if (options.warm) {
			// an error comes again at the first run, where somebody hears it
			void engine.probe().catch(() => {});
		}
		return engine;
	}

	async loadWeights(spec: WeightsSpec, { mode = "bound", ...options }: LoadOptions = {}): Promise<WeightsId> {
		if (mode === "mapped") return this.hold(await MappedWeights.of(spec, this.provider));
		const blocks = spec.tensors.flatMap(({ name, shape, blocks: form }) =>
			form ? [[name, { form, shape }] as const] : [],
		);
		const tensors = this.toOrtAll(await loadHeld(spec, options));
		return this.hold(new BoundWeights(tensors, new Map(blocks)));
	}

	async putWeights(tensors: ReadonlyMap<string, Tensor<"float32">>): Promise<WeightsId> {
		return this.hold(new BoundWeights(this.toOrtAll(tensors)));
	}

	async readWeight(id: WeightsId, name: string): Promise<Tensor<"float32">> {
		return this.held(id).read(name);
	}

	async freeWeights(id: WeightsId): Promise<void> {
		this.weights.delete(id);
		await this.sessions.dropMatching((key) => key.startsWith(`${id}\n`));
	}

	async run(
		{ program, weights, feeds, update = {} }: RunRequest,
		{ signal, urgent }: RunOptions = {},
	): Promise<Map<string, Tensor>> {
		signal?.throwIfAborted();
		this.checkOpen();
		const extents = bindFeeds(
			program.feeds.map((feed) => ({ name: feed.name, type: feed })),
			feeds,
		);
		const held = program.weights.length > 0 ? this.held(weights) : NO_WEIGHTS;
		const fed = program.feeds.map(({ name }) => [name, this.toOrt(feeds[name] as Tensor)] as const);
		const names = held.shared ? [] : program.weights.map(({ weight }) => weight);
		const key = held.shared ? program.key : [weights, ...names, program.key].join("\n");
		const bytes = program.onnx.byteLength + SESSION_OVERHEAD + held.sessionBytes(program.weights);
		const checkWanted = (): void => {
			this.checkOpen();
			signal?.throwIfAborted();
		};
		const runWith = async (session: InferenceSession): Promise<InferenceSession.ReturnType> => {
			checkWanted();
			// read now and not when the run was asked for: runs before it may have replaced weights
			const inputs = { ...held.inputs(program.weights), ...Object.fromEntries(fed) };
			const results = await session.run(inputs).catch((error: unknown) => {
				throw runError(error, program, extents, this.provider);
			});
			for (const output of program.outputs) {
				const weight = update[callerName(output)];
				if (weight !== undefined) held.replace(weight, results[output.name] as OrtTensor);
			}
			return results;
		};
		const results = await abortable(
			this.queue.run(async () => {
				checkWanted();
				try {
					return await this.sessions.lend(key, bytes, () => this.createSession(program, held), runWith);
				} catch (error) {
					// what sessions keep of their runs, this one most of all, is the room that the next one needs
					if (error instanceof OutOfMemory) await this.sessions.clear();
					throw error;
				}
			}, urgent),
			signal,
		);
		this.checkOpen();
		const returned = program.outputs.filter((output) => !Object.hasOwn(update, callerName(output)));
		return new Map(
			returned.map((output) => {
				const tensor = fromOrt(results[output.name] as OrtTensor);
				checkShape(callerName(output), tensor, output.shape, extents);
				return [callerName(output), tensor];
			}),
		);
	}

	async dispose(): Promise<void> {
		this.disposed = true;
		// behind the run that is under way; those that wait see that the engine is gone
		await this.queue.run(async () => {
			this.weights.clear();
			await this.sessions.clear();
		});
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}

	private checkOpen(): void {
		if (this.disposed) throw new EngineError("the engine was disposed of");
	}

	private hold(weights: HeldWeights): WeightsId {
		this.checkOpen();
		const id = `weights-${this.nextId++}`;
		this.weights.set(id, weights);
		return id;
	}

	private held(id: WeightsId | undefined): HeldWeights {
		this.checkOpen();
		const held = id === undefined ? undefined : this.weights.get(id);
		if (!held) throw new EngineError(`no weights "${id}": they were freed, or belong to another engine`);
		return held;
	}

	/** Makes a session of almost nothing: a missing GPU shows only then, and a page fetches and compiles the runtime. */
	private async probe(): Promise<void> {
		const program = compile(graphOf({ y: input("x", "float32", [1]) }), this.provider);
		await (await this.createSession(program, NO_WEIGHTS)).release();
	}

	private async createSession(
		{ onnx, weights, feeds }: Program,
		held: HeldWeights,
	): Promise<InferenceSession> {
		const declared = held.declare(weights);
		const model = new Uint8Array(onnx.length + declared.length);
		model.set(onnx);
		model.set(declared, onnx.length);
		return this.platform.ort.InferenceSession.create(model, {
			executionProviders: [this.provider],
			// every fusion is emitted by us: what the optimiser fuses depends on which values are outputs
			graphOptimizationLevel: "disabled",
			intraOpNumThreads: this.threads,
			interOpNumThreads: 1,
			// a plan for one set of extents is a block of memory on top of what the first run took, for each set
			enableMemPattern: feeds.every(({ shape }) => shape.every((dim) => typeof dim === "number")),
			// errors are thrown; the log would say them twice
			logSeverityLevel: 4,
			extra: {
				session: {
					// idle pools of several sessions would spin against each other
					intra_op: { allow_spinning: this.spin ? "1" : "0" },
					// an op that a GPU cannot run is an error, not a silent detour over the CPU
					...held.sessionOptions,
					...(isGpu(this.provider) && { disable_cpu_ep_fallback: "1" }),
				},
			},
		});
	}

	private toOrtAll(tensors: ReadonlyMap<string, Tensor>): Map<string, OrtTensor> {
		return new Map([...tensors].map(([name, tensor]) => [name, this.toOrt(tensor)]));
	}

	private toOrt(tensor: Tensor): OrtTensor {
		return new this.platform.ort.Tensor(tensor.dtype as "float32", tensor.data as Float32Array, tensor.shape);
	}
}

/**
 * The runtime's extents must be those of the shape rules: a range that a shorter axis does not have is
 * cut by the runtime without a word.
 */
function checkShape(
	name: string,
	tensor: Tensor,
	shape: readonly Dim[],
	extents: ReadonlyMap<string, number>,
): void {
	const expected = shape.map((dim) => evaluateDim(dim, extents));
	if (tensor.shape.join() !== expected.join()) {
		throw new EngineError(
			`output "${name}" should be ${formatShape(shape)} = ${formatShape(expected)}, but came out as ${tensor}`,
		);
	}
}

function isGpu(provider: Provider): boolean {
	return provider === "webgpu" || provider === "cuda";
}

/** What a runtime's error says, without the source files and line numbers before it. */
function reason(error: Error): string {
	const lines = error.message.trim().split("\n");
	return (lines.at(-1) as string).replace(/^.*was false\. /, "");
}

function fromOrt(tensor: OrtTensor): Tensor {
	return new Tensor(tensor.type as DType, tensor.dims, tensor.data as never);
}
