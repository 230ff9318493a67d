import type { InferenceSession } from "onnxruntime-common";
import { defaultThreads, loadPlatform } from "#ort";
import { type Dim, evaluateDim, formatShape } from "../graph/dim.js";
import { bindFeeds } from "../graph/evaluate.js";
import type { Provider } from "../graph/op.js";
import { callerName } from "../onnx/compile.js";
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
		const extents = bindFeeds(
			program.feeds.map((type) => ({ name: type.name, type })),
			feeds,
		);
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
		return new Map(
			program.outputs.map((output) => {
				const tensor = fromOrt(results[output.name] as OrtTensor);
				checkShape(callerName(output), tensor, output.shape, extents);
				return [callerName(output), tensor];
			}),
		);
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

function fromOrt(tensor: OrtTensor): Tensor {
	return new Tensor(tensor.type as DType, tensor.dims, tensor.data as never);
}
