import { type Cut, cutAt, isCarried, stagesOf } from "../graph/cut.js";
import { graphOf } from "../graph/graph.js";
import * as ops from "../graph/ops/index.js";
import { shareCommon } from "../graph/share.js";
import type { G, HookFn, ModuleFn, ModuleNode } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { ActivationCache } from "../hooks/activation-cache.js";
import { HookError } from "../hooks/hook-error.js";
import { axesOf, positionAxis } from "../hooks/points.js";
import { type HookPoint, type Names, selectPoints } from "../hooks/select.js";
import { compile, type Program } from "../onnx/compile.js";
import type { Engine, WeightsId } from "../runtime/index.js";
import { Tensor } from "../tensor/index.js";
import type { Encoding, Tokenizer } from "../tokenizers/index.js";
import { type Batch, type Ids, packBatch, positionsOf } from "./batch.js";
import { type Dimensions, type Family, ModelError } from "./family.js";
import { FEEDS, type ModelRange, traceModel } from "./trace-model.js";

/** What a model is run on: text, texts, token ids, or with `startAtLayer` a residual stream [batch, pos, d_model]. */
export type ModelInput = string | readonly string[] | Ids | Tensor<"int32"> | Tensor<"float32">;

/** A hook function on the host: sees a tensor and may return another of the same shape. May print, branch, wait. */
export type HostHookFn = (value: Tensor, name: string) => Tensor | undefined | Promise<Tensor | undefined>;

export interface RunOptions {
	/** Put a BOS in front of texts. Default: where the model's own tokenizer does. */
	bos?: boolean;
	/** 1 for tokens that count, 0 for padding; the shape of the ids. */
	mask?: readonly (readonly number[])[];
	/** Functions over graph values, by point or selection, applied in order. They are compiled in. */
	hooks?: Readonly<Record<string, HookFn>> | readonly (readonly [Names, HookFn])[];
	/** Functions over tensors. Each cuts the run in two, which costs a session and a copy: slower than `hooks`. */
	hostHooks?: readonly (readonly [Names, HostHookFn])[];
	/** Other functions for modules, by dotted path ("blocks.0.mlp"). */
	patches?: Readonly<Record<string, (original: ModuleFn) => ModuleFn>>;
	/** First layer to run; the input is then the residual stream before it. */
	startAtLayer?: number;
	/** First layer not to run; the result is then the residual stream before it. */
	stopAtLayer?: number;
	signal?: AbortSignal;
}

export interface CacheOptions extends RunOptions {
	/** Which points to keep. Default: all that cost nothing extra. */
	names?: Names;
	/** Positions to keep of every activation: one index, or [start, end); negative ones count from the end. */
	positions?: number | readonly [number, number?];
	/** Compute the logits. Default true; without them a run ends at the last point that is kept. */
	logits?: boolean;
}

/** A computation on top of a model's run, compiled in with it. */
export interface Readout {
	/** Points it reads. */
	names: Names;
	/** Outputs from the values at those points. `get` takes full names. */
	outputs(get: (name: string) => Value, g: G): Readonly<Record<string, Value>>;
	/** Tensors for inputs that `outputs` makes with `g.input`. */
	feeds?: Readonly<Record<string, Tensor>>;
}

/** Programs that are kept by a model, by what was asked. */
const PROGRAMS_KEPT = 64;

/** A transformer with its weights in an engine. Dispose of it, or declare it with `await using`. */
export class Model implements AsyncDisposable {
	private points: HookPoint[] | undefined;
	private readonly programs = new Map<string, Program>();

	constructor(
		/** Where it came from, as the user named it. */
		readonly name: string,
		readonly family: Family,
		readonly config: Dimensions,
		private readonly engine: Engine,
		private readonly weights: WeightsId,
		readonly tokenizer: Tokenizer | undefined,
		private readonly ownsEngine: boolean,
	) {}

	/** Text to token ids, with each token's text and place. */
	tokenize(text: string, options: { bos?: boolean } = {}): Encoding {
		if (!this.tokenizer)
			throw new ModelError(`${this.name}: no tokenizer came with this model; give token ids`);
		return this.tokenizer.encode(text, options);
	}

	/** Every hook point, in the order a run reaches them. */
	hookPoints(): readonly HookPoint[] {
		this.points ??= listPoints(this.family, this.config);
		return this.points;
	}

	/** The tree of modules, as dotted paths. */
	modules(): ModuleNode {
		return traceModel(this.family, this.config, { padded: false }).trace.root;
	}

	/** A weight by the name it has in Hugging Face's files. */
	async weight(name: string): Promise<Tensor<"float32">> {
		return this.engine.readWeight(this.weights, name);
	}

	/** Logits [batch, pos, vocab]; with `stopAtLayer` the residual stream [batch, pos, d_model]. */
	async run(input: ModelInput, options: RunOptions = {}): Promise<Tensor> {
		const results = await this.execute(input, options, [], true);
		return results.get(RESULT) as Tensor;
	}

	/** A run with its activations. `logits` is absent where they were not asked for, or the run stopped early. */
	async runWithCache(
		input: ModelInput,
		options: CacheOptions = {},
	): Promise<{ logits?: Tensor; cache: ActivationCache }> {
		const points = selectPoints(this.hookPoints(), options.names ?? (() => true)).map((p) => p.name);
		const reached = this.reached(points, options);
		const results = await this.execute(input, options, reached, options.logits ?? true);
		const logits = options.stopAtLayer === undefined ? results.get(RESULT) : undefined;
		const tensors = new Map<string, Tensor>();
		for (const name of reached) {
			const { dtype, shape, data } = results.get(name) as Tensor;
			tensors.set(name, new Tensor(dtype, shape, data, axesOf(name, shape.length)));
		}
		const cache = new ActivationCache(tensors, {
			nLayers: this.config.nLayers,
			norm: this.family.norm,
			hasPoint: (name) => this.hookPoints().some((p) => p.name === name),
		});
		return { ...(logits && { logits }), cache };
	}

	/** A run with hook functions: logits. The same as `run(input, { hooks })`. */
	async runWithHooks(
		input: ModelInput,
		hooks: NonNullable<RunOptions["hooks"]>,
		options: RunOptions = {},
	): Promise<Tensor> {
		return this.run(input, { ...options, hooks });
	}

	/** Reduces a run inside the graph: only the readout's outputs leave the engine. */
	async read(input: ModelInput, readout: Readout, options: RunOptions = {}): Promise<Map<string, Tensor>> {
		const points = selectPoints(this.hookPoints(), readout.names).map((p) => p.name);
		return this.execute(input, options, this.reached(points, options), false, readout);
	}

	async dispose(): Promise<void> {
		if (this.ownsEngine) await this.engine.dispose();
		else await this.engine.freeWeights(this.weights);
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}

	/** Points that lie in the layers that are run; none at all is an error. */
	private reached(points: readonly string[], { startAtLayer = 0, stopAtLayer }: RunOptions): string[] {
		const inRange = points.filter((name) => {
			const layer = /^blocks\.(\d+)\./.exec(name)?.[1];
			if (layer === undefined)
				return name.startsWith("hook_") ? startAtLayer === 0 : stopAtLayer === undefined;
			return Number(layer) >= startAtLayer && Number(layer) < (stopAtLayer ?? this.config.nLayers);
		});
		if (points.length > 0 && inRange.length === 0) {
			throw new HookError(
				`${points.slice(0, 3).join(", ")}: not reached by a run of layers ${startAtLayer} to ${(stopAtLayer ?? this.config.nLayers) - 1}`,
			);
		}
		return inRange;
	}

	private async execute(
		input: ModelInput,
		options: CacheOptions,
		taps: readonly string[],
		wantsResult: boolean,
		readout?: Readout,
	): Promise<Map<string, Tensor>> {
		const { batch, feeds } = this.feed(input, options);
		const range: ModelRange = {
			startAtLayer: options.startAtLayer,
			stopAtLayer: options.stopAtLayer,
			padded: batch.mask !== undefined,
		};
		const all = { ...feeds, ...readout?.feeds };
		if (options.hostHooks?.length) return this.executeInStages(range, options, taps, wantsResult, all);
		const program = this.program(range, options, taps, wantsResult, readout);
		return this.engine.run({ program, weights: this.weights, feeds: pick(all, program) }, options);
	}

	/** The compiled graph of a request; requests without functions of the caller's are remembered. */
	private program(
		range: ModelRange,
		options: CacheOptions,
		taps: readonly string[],
		wantsResult: boolean,
		readout?: Readout,
	): Program {
		const plain = !options.hooks && !options.patches && !readout;
		const key = plain ? JSON.stringify([range, taps, wantsResult, options.positions]) : undefined;
		const known = key === undefined ? undefined : this.programs.get(key);
		if (known) return known;
		const { outputs } = this.trace(range, options, taps, wantsResult, readout);
		const program = compile(shareCommon(graphOf(outputs)), this.engine.provider);
		if (key !== undefined) {
			this.programs.set(key, program);
			const oldest = this.programs.keys().next();
			if (this.programs.size > PROGRAMS_KEPT && !oldest.done) this.programs.delete(oldest.value);
		}
		return program;
	}

	/** Traces a request: its outputs by name, and the cuts that host hooks made. */
	private trace(
		range: ModelRange,
		options: CacheOptions,
		taps: readonly string[],
		wantsResult: boolean,
		readout?: Readout,
	): { outputs: Map<string, Value>; cuts: (Cut & { fn: HostHookFn })[] } {
		const hooks = this.assign(hookList(options.hooks), options);
		const hostHooks = this.assign(options.hostHooks ?? [], options);
		const cuts: (Cut & { fn: HostHookFn })[] = [];
		const cutting = (name: string): HookFn[] =>
			(hostHooks.get(name) ?? []).map((fn) => (value) => {
				const cut = cutAt(`${name}#${cuts.length}`, value);
				cuts.push({ ...cut, fn });
				return cut.replacement;
			});
		const patches = options.patches ?? {};
		const patched = new Set<string>();
		const wanted = new Set([...taps, ...hooks.keys(), ...hostHooks.keys()]);
		const { trace, output } = traceModel(this.family, this.config, range, {
			hooks: (name) => [...(hooks.get(name) ?? []), ...cutting(name)],
			wants: (name) => wanted.has(name),
			patch: (path, original) => {
				if (!Object.hasOwn(patches, path)) return undefined;
				patched.add(path);
				return patches[path]?.(original);
			},
		});
		const missed = Object.keys(patches).find((path) => !patched.has(path));
		if (missed !== undefined) throw new HookError(`no module "${missed}" in this run`);
		const at = (name: string): Value => {
			const value = trace.values.get(name);
			if (!value) throw new HookError(`"${name}" was not reached`);
			return value;
		};
		const outputs = new Map<string, Value>();
		if (readout) for (const [k, v] of Object.entries(readout.outputs(at, ops))) outputs.set(k, v);
		else for (const name of taps) outputs.set(name, cutPositions(name, at(name), options.positions));
		if (wantsResult) outputs.set(RESULT, output);
		return { outputs, cuts };
	}

	/** Selections to names, each of which must be reached. */
	private assign<F>(list: readonly (readonly [Names, F])[], options: RunOptions): Map<string, F[]> {
		const byName = new Map<string, F[]>();
		for (const [names, fn] of list) {
			for (const name of this.reached(
				selectPoints(this.hookPoints(), names).map((p) => p.name),
				options,
			)) {
				byName.set(name, [...(byName.get(name) ?? []), fn]);
			}
		}
		return byName;
	}

	private async executeInStages(
		range: ModelRange,
		options: CacheOptions,
		taps: readonly string[],
		wantsResult: boolean,
		feeds: Readonly<Record<string, Tensor>>,
	): Promise<Map<string, Tensor>> {
		const { outputs, cuts } = this.trace(range, options, taps, wantsResult);
		const fed: Record<string, Tensor> = { ...feeds };
		const results = new Map<string, Tensor>();
		for (const [k, { graph }] of stagesOf(outputs, cuts).entries()) {
			const program = compile(shareCommon(graph), this.engine.provider);
			const stage = await this.engine.run(
				{ program, weights: this.weights, feeds: pick(fed, program) },
				options,
			);
			for (const [name, tensor] of stage) {
				if (isCarried(name)) fed[name] = tensor;
				else results.set(name, tensor);
			}
			const cut = cuts[k];
			if (!cut) continue;
			const shown = stage.get(cut.name) as Tensor;
			results.delete(cut.name);
			const name = cut.name.replace(/#\d+$/, "");
			const named = new Tensor(shown.dtype, shown.shape, shown.data, axesOf(name, shown.shape.length));
			const answer = (await cut.fn(named, name)) ?? shown;
			if (answer.shape.join() !== shown.shape.join() || answer.dtype !== shown.dtype) {
				throw new HookError(`host hook at "${name}": expected ${shown}, got ${answer}`);
			}
			fed[`cut:${cut.name}`] = answer;
		}
		return results;
	}

	/** Feeds of a run from what the caller gave. */
	private feed(
		input: ModelInput,
		options: RunOptions,
	): { batch: Pick<Batch, "mask">; feeds: Record<string, Tensor> } {
		const { nLayers, dModel, nCtx } = this.config;
		for (const key of ["startAtLayer", "stopAtLayer"] as const) {
			const layer = options[key];
			if (layer === undefined) continue;
			if (!Number.isInteger(layer) || layer < 0 || layer > nLayers) {
				throw new ModelError(`${key}: got ${layer}, allowed 0..${nLayers}`);
			}
		}
		if (options.startAtLayer !== undefined) {
			if (
				!(input instanceof Tensor) ||
				input.dtype !== "float32" ||
				input.shape.length !== 3 ||
				input.shape[2] !== dModel
			) {
				const got = input instanceof Tensor ? String(input) : typeof input;
				throw new ModelError(
					`startAtLayer: the input must be a residual stream float32[batch, pos, ${dModel}], got ${got}`,
				);
			}
			const length = input.shape[1] as number;
			if (length > nCtx)
				throw new ModelError(`input: ${length} positions, but the model's context is ${nCtx}`);
			const mask = options.mask && Tensor.from(options.mask as number[][], "bool");
			const feeds = { [FEEDS.residual]: input as Tensor, [FEEDS.positions]: positionsOf({ mask }, length) };
			return { batch: { mask }, feeds: mask ? { ...feeds, [FEEDS.mask]: mask } : feeds };
		}
		const batch = this.pack(input, options);
		const feeds: Record<string, Tensor> = {
			[FEEDS.tokens]: batch.tokens,
			[FEEDS.positions]: positionsOf(batch, batch.tokens.shape[1] as number),
		};
		if (batch.mask) feeds[FEEDS.mask] = batch.mask;
		return { batch, feeds };
	}

	/** Texts and ids to a batch. */
	pack(input: ModelInput, options: Pick<RunOptions, "bos" | "mask"> = {}): Batch {
		if (input instanceof Tensor) {
			if (input.dtype !== "int32" || input.shape.length !== 2) {
				throw new ModelError(`input: token ids must be int32[batch, pos], got ${input}`);
			}
			return packBatch(input.toNested() as number[][], this.config, options.mask);
		}
		const isText = typeof input === "string" || typeof input[0] === "string";
		if (!isText) return packBatch(input as Ids, this.config, options.mask);
		const texts = typeof input === "string" ? [input] : (input as readonly string[]);
		const bos = options.bos === undefined ? {} : { bos: options.bos };
		return packBatch(
			texts.map((text) => this.tokenize(text, bos).ids),
			this.config,
			options.mask,
		);
	}
}

/** The model's own result among a run's outputs. */
const RESULT = "result";

function hookList(hooks: RunOptions["hooks"]): readonly (readonly [Names, HookFn])[] {
	if (!hooks) return [];
	return Array.isArray(hooks) ? hooks : Object.entries(hooks as Record<string, HookFn>);
}

/** The feeds that a program has; ids are not fed to a graph that only reads positions, for example. */
function pick(feeds: Readonly<Record<string, Tensor>>, program: Program): Record<string, Tensor> {
	return Object.fromEntries(
		program.feeds.filter(({ name }) => feeds[name]).map(({ name }) => [name, feeds[name] as Tensor]),
	);
}

/** Positions of an activation, cut inside the graph so that the rest never leaves it. */
function cutPositions(name: string, value: Value, positions: CacheOptions["positions"]): Value {
	const axis = positions === undefined ? undefined : positionAxis(name, value.rank);
	if (positions === undefined || axis === undefined) return value;
	const [start, end] =
		typeof positions === "number" ? [positions, positions === -1 ? undefined : positions + 1] : positions;
	return ops.slice(value, axis, start, end);
}

/** Traces a model with every optional point on, to learn its points and their shapes. */
function listPoints(family: Family, config: Dimensions): HookPoint[] {
	const { trace } = traceModel(family, config, { padded: false }, { wants: () => true });
	return [...trace.points].map(([name, { optional }]) => ({
		name,
		shape: (trace.values.get(name) as Value).shape,
		optional,
	}));
}
