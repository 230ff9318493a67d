import type { InferenceSession } from "onnxruntime-common";
import { defaultThreads, loadPlatform } from "#ort";
import { bindDims } from "../graph/evaluate.js";
import type { Provider } from "../graph/op.js";
import { callerName, type Program } from "../onnx/compile.js";
import { type DType, Tensor } from "../tensor/index.js";
import { loadWeights, type WeightsSpec } from "../weights/index.js";
import {
	type Engine,
	EngineError,
	type EngineOptions,
	type LoadOptions,
	type RunOptions,
	type RunRequest,
	type WeightsId,
} from "./engine.js";
import type { OrtTensor, Platform } from "./platform.js";
import { SessionCache } from "./session-cache.js";

const DEFAULT_SESSION_BYTES = 2 ** 30;
/** What a session costs beside its model bytes: thread pool, kernels, arena's first block (measured, rounded up). */
const SESSION_OVERHEAD = 2 ** 20;

/** An engine in the calling thread. `run` blocks it while ONNX Runtime computes. */
export class LocalEngine implements Engine {
	private readonly weights = new Map<WeightsId, ReadonlyMap<string, OrtTensor>>();
	private readonly sessions: SessionCache;
	private nextId = 0;

	private constructor(
		private readonly platform: Platform,
		readonly provider: Provider,
		private readonly threads: number,
		sessionBytes: number,
	) {
		this.sessions = new SessionCache(sessionBytes);
	}

	/** @throws {EngineError} if the provider is not part of this build; the message lists those that are. */
	static async create(options: EngineOptions = {}): Promise<LocalEngine> {
		const platform = await loadPlatform();
		const provider = options.provider ?? platform.defaultProvider;
		if (!platform.providers.includes(provider)) {
			throw new EngineError(
				`provider "${provider}" is not available here; available: ${platform.providers.join(", ")}`,
			);
		}
		return new LocalEngine(
			platform,
			provider,
			options.threads ?? defaultThreads(),
			options.sessionBytes ?? DEFAULT_SESSION_BYTES,
		);
	}

	async loadWeights(spec: WeightsSpec, options: LoadOptions = {}): Promise<WeightsId> {
		return this.putWeights(await loadWeights(spec, options));
	}

	async putWeights(tensors: ReadonlyMap<string, Tensor<"float32">>): Promise<WeightsId> {
		const id = `weights-${this.nextId++}`;
		const bound = [...tensors].map(([name, t]) => [name, this.toOrt(t)] as const);
		this.weights.set(id, new Map(bound));
		return id;
	}

	async readWeight(id: WeightsId, name: string): Promise<Tensor<"float32">> {
		const tensor = this.held(id).get(name);
		if (!tensor) throw new EngineError(`no weight "${name}"`);
		return new Tensor("float32", tensor.dims, (tensor.data as Float32Array<ArrayBuffer>).slice());
	}

	async freeWeights(id: WeightsId): Promise<void> {
		this.weights.delete(id);
	}

	async run(
		{ program, weights, feeds }: RunRequest,
		{ signal }: RunOptions = {},
	): Promise<Map<string, Tensor>> {
		signal?.throwIfAborted();
		const inputs: Record<string, OrtTensor> = {};
		checkFeeds(program, feeds);
		for (const { name } of program.feeds) inputs[name] = this.toOrt(feeds[name] as Tensor);
		if (program.weights.length > 0) {
			const held = this.held(weights);
			for (const { name, shape } of program.weights) {
				const tensor = held.get(name);
				if (!tensor || tensor.dims.join() !== shape.join()) {
					throw new EngineError(
						`weight "${name}": expected [${shape.join(", ")}], got ${tensor ? `[${tensor.dims.join(", ")}]` : "none"}`,
					);
				}
				inputs[name] = tensor;
			}
		}
		const bytes = program.onnx.byteLength + SESSION_OVERHEAD;
		const results = await this.sessions.lend(
			program.key,
			bytes,
			() => this.createSession(program.onnx),
			(session) => session.run(inputs),
		);
		signal?.throwIfAborted();
		return new Map(program.outputs.map((o) => [callerName(o), fromOrt(results[o.name] as OrtTensor)]));
	}

	async dispose(): Promise<void> {
		this.weights.clear();
		await this.sessions.clear();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}

	private held(id: WeightsId | undefined): ReadonlyMap<string, OrtTensor> {
		const held = id === undefined ? undefined : this.weights.get(id);
		if (!held) throw new EngineError(`no weights "${id}": they were freed, or belong to another engine`);
		return held;
	}

	private async createSession(onnx: Uint8Array): Promise<InferenceSession> {
		const gpu = this.provider === "webgpu" || this.provider === "cuda";
		return this.platform.ort.InferenceSession.create(onnx, {
			executionProviders: [this.provider],
			// every fusion is emitted by us: what the optimiser fuses depends on which values are outputs
			graphOptimizationLevel: "disabled",
			intraOpNumThreads: this.threads,
			interOpNumThreads: 1,
			logSeverityLevel: 3,
			extra: {
				session: {
					// idle pools of several sessions would spin against each other
					intra_op: { allow_spinning: "0" },
					// an op that a GPU cannot run is an error, not a silent detour over the CPU
					...(gpu && { disable_cpu_ep_fallback: "1" }),
				},
			},
		});
	}

	private toOrt(tensor: Tensor): OrtTensor {
		return new this.platform.ort.Tensor(tensor.dtype as "float32", tensor.data as Float32Array, tensor.shape);
	}
}

/** Refuses feeds that are missing, unknown or of another type, before the runtime sees them. */
function checkFeeds(program: Program, feeds: Readonly<Record<string, Tensor>>): void {
	const bindings = new Map<string, number>();
	for (const feed of program.feeds) {
		const tensor = feeds[feed.name];
		if (!tensor)
			throw new EngineError(
				`input "${feed.name}" is missing; given: ${Object.keys(feeds).join(", ") || "nothing"}`,
			);
		bindDims(feed.name, feed, tensor, bindings);
	}
}

function fromOrt(tensor: OrtTensor): Tensor {
	return new Tensor(tensor.type as DType, tensor.dims, tensor.data as never);
}
