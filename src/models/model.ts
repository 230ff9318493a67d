import { isCarried, stagesOf } from "../graph/cut.js";
import { type Graph, graphOf } from "../graph/graph.js";
import * as ops from "../graph/ops/index.js";
import type { G, ModuleNode } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { ActivationCache } from "../hooks/activation-cache.js";
import { HookError } from "../hooks/hook-error.js";
import { axesOf } from "../hooks/points.js";
import { type HookPoint, selectPoints } from "../hooks/select.js";
import { compileInterventions } from "../interventions/compile.js";
import type { Sizes } from "../interventions/index.js";
import { compile, type Program } from "../onnx/compile.js";
import type { Engine, WeightsId } from "../runtime/index.js";
import { type BlockForm, Tensor } from "../tensor/index.js";
import type { Encoding, Tokenizer } from "../tokenizers/index.js";
import type { Batch } from "./batch.js";
import { chunkSize, runInChunks } from "./chunks.js";
import { type Fed, forFeeds, shapesOf } from "./extents.js";
import { centres, type Dimensions, type Family, ModelError, type WeightDeclaration } from "./family.js";
import { feedsOf, packInput } from "./feeds.js";
import { logitsAtFeeds, scoredPositions } from "./logits-at.js";
import { checkWeights, declaredWeights, weightFeeds } from "./module-weights.js";
import { neededFeeds, wholeTokens } from "./past-feeds.js";
import { withPauses } from "./pauses.js";
import { type Programs, programsFor } from "./programs.js";
import {
	checkPositions,
	isBeforeBlocks,
	isReached,
	layerOf,
	listPoints,
	RESULT,
	type Request,
	reachedPoints,
	traceRequest,
	watchedName,
} from "./request.js";
import type { CacheOptions, ModelInput, Readout, RunOptions } from "./run-options.js";
import { FEEDS, traceModel } from "./trace-model.js";
import { findUsual, readUsual, type UsualWeight, usualWeights } from "./weight-layout.js";

/** What a caller asks of a run; the rest of a request follows from the input and the model. */
type Asked = Omit<Request, "range" | "edits" | "watched">;

/** A transformer with its weights in an engine. Dispose of it, or declare it with `await using`. */
export class Model implements AsyncDisposable {
	private points: readonly HookPoint[] | undefined;
	private usual: ReadonlyMap<string, UsualWeight> | undefined;
	private disposed = false;
	private readonly watchers = new Set<{ readonly name: string; readonly seen: (value: Tensor) => void }>();
	private readonly programs: Programs;

	constructor(
		/** Where it came from, as the user named it. */
		readonly name: string,
		readonly family: Family,
		readonly config: Dimensions,
		readonly tokenizer: Tokenizer | undefined,
		/** Where its weights are, for what is more than a run of it: a training in the same engine. */
		readonly engine: Engine,
		private readonly weights: WeightsId,
		private readonly ownsEngine: boolean,
		/** Models that live in the engine. */
		private readonly sharing = { models: 1 },
		/** Weights that the engine holds as blocks. */
		private readonly forms: ReadonlyMap<string, BlockForm> = new Map(),
	) {
		this.programs = programsFor(engine, { family, config, forms });
		forgotten.register(this, { engine, weights, sharing }, this);
	}

	/** Text to token ids, with each token's text and place. */
	tokenize(text: string, options: { bos?: boolean } = {}): Encoding {
		if (!this.tokenizer)
			throw new ModelError(`${this.name}: came without a tokenizer; give token ids instead of text`);
		return this.tokenizer.encode(text, options);
	}

	/** Texts or ids as the batch that a run would be fed. */
	pack(input: ModelInput, options: Pick<RunOptions, "bos" | "mask"> = {}): Batch {
		return packInput(input, options, this.config, this.tokenizer);
	}

	/** Every hook point, in the order a run reaches them. */
	hookPoints(): readonly HookPoint[] {
		return this.selectable().filter((point) => !point.module);
	}

	/** Hook points, and the outputs of modules that are none. */
	private selectable(): readonly HookPoint[] {
		this.points ??= listPoints(this.family, this.config);
		return this.points;
	}

	/** What interventions are checked against. */
	get sizes(): Sizes {
		const { nLayers, nHeads, nKvHeads } = this.config;
		return { nLayers, nHeads, nKvHeads, points: this.selectable() };
	}

	/** Whether all that reads the residual stream subtracts its mean first: what is equal in all channels is never read. */
	get centred(): boolean {
		return centres(this.family, this.config);
	}

	/** The tree of modules. */
	modules(): ModuleNode {
		return traceModel(this.family, this.config, { padded: false }).trace.root;
	}

	/** The weights that the module at a path computes with, in the order it needs them. @throws {HookError} for no such module. */
	moduleWeights(path: string): readonly WeightDeclaration[] {
		return declaredWeights(this.modules(), path);
	}

	/** The one point or module output that a name means (aliases are understood). @throws {HookError} with the nearest names. */
	pointAt(name: string): HookPoint {
		if (name.includes("*")) throw new HookError(`"${name}" means several points, allowed the name of one`);
		return selectPoints(this.selectable(), name)[0] as HookPoint;
	}

	/**
	 * Hands the value of a point to `seen` at every run that reaches it, until the returned function is called.
	 * @param name one point, or the path of a module for its output
	 */
	watch(name: string, seen: (value: Tensor) => void): () => void {
		const watcher = { name: this.pointAt(name).name, seen };
		this.watchers.add(watcher);
		return () => void this.watchers.delete(watcher);
	}

	/** A copy of a weight, by the name it has in Hugging Face's files. */
	weight(name: string): Promise<Tensor<"float32">> {
		return this.engine.readWeight(this.weights, name);
	}

	/** Every weight by its usual name ("blocks.0.attn.W_Q"), whatever file layout it comes from. @throws {ModelError} for a family that does not tell */
	usualWeights(): ReadonlyMap<string, UsualWeight> {
		this.usual ??= usualWeights(this.family, this.config);
		return this.usual;
	}

	/**
	 * A copy of a weight by its usual name, such as "embed.W_E" [vocab, d_model], "blocks.0.attn.W_Q" [head, d_model,
	 * d_head], "blocks.0.attn.W_K" [kv_head, d_model, d_head], "blocks.0.mlp.W_in" [d_model, d_mlp], "unembed.W_U"
	 * [d_model, vocab].
	 * @throws {ModelError} with the nearest names
	 */
	async matrix(name: string): Promise<Tensor<"float32">> {
		const usual = findUsual(this.usualWeights(), name);
		return readUsual(usual, await this.weight(usual.stored.name));
	}

	/** What a function of the weights alone (`g.weight`, `usualValue`) computes, in the engine: nothing of a run. */
	compute(
		outputs: (g: G) => Readonly<Record<string, Value>>,
		feeds: Readonly<Record<string, Tensor>> = {},
		options: Pick<RunOptions, "signal"> = {},
	): Promise<Map<string, Tensor>> {
		const graph = graphOf(new Map(Object.entries(outputs(ops))));
		return this.runProgram(this.compile(graph, feeds, undefined), feeds, options);
	}

	/**
	 * A model of the same family with other weights in the same engine, which ends with the last of its models.
	 * @param config its sizes and options
	 */
	async withWeights(config: Dimensions, weights: ReadonlyMap<string, Tensor<"float32">>): Promise<Model> {
		const id = await this.engine.putWeights(weights);
		this.sharing.models++;
		return new Model(
			this.name,
			this.family,
			config,
			this.tokenizer,
			this.engine,
			id,
			this.ownsEngine,
			this.sharing,
		);
	}

	/** Logits [batch, pos, vocab], with `logitsAt` [batch, scored, vocab]; with `stopAtLayer` the residual stream [batch, pos, d_model] before that layer. */
	async run(input: ModelInput, options: RunOptions = {}): Promise<Tensor<"float32">> {
		const results = await this.execute(input, { options, taps: [], result: true });
		return results.get(RESULT) as Tensor<"float32">;
	}

	/** `run` with hook functions, in TransformerLens' order of arguments. */
	runWithHooks(
		input: ModelInput,
		hooks: NonNullable<RunOptions["hooks"]>,
		options: RunOptions = {},
	): Promise<Tensor<"float32">> {
		return this.run(input, { ...options, hooks });
	}

	/** A run and its activations. `logits` is absent where they were not asked for or the run stopped early. */
	runWithCache(
		input: ModelInput,
		options?: CacheOptions & { logits?: true; stopAtLayer?: never },
	): Promise<{ logits: Tensor<"float32">; cache: ActivationCache }>;
	runWithCache(
		input: ModelInput,
		options?: CacheOptions,
	): Promise<{ logits?: Tensor<"float32">; cache: ActivationCache }>;
	async runWithCache(
		input: ModelInput,
		options: CacheOptions = {},
	): Promise<{ logits?: Tensor<"float32">; cache: ActivationCache }> {
		const taps = reachedPoints(
			this.selectable(),
			options.names ?? (() => true),
			this.config.nLayers,
			options,
		);
		const result = (options.logits ?? true) && options.stopAtLayer === undefined;
		const results = await this.execute(input, { options, taps, result });
		const known = new Set(this.hookPoints().map((point) => point.name));
		const tensors = new Map(taps.map((name) => [name, named(name, results.get(name) as Tensor)]));
		const cache = new ActivationCache(tensors, {
			nLayers: this.config.nLayers,
			norm: this.family.norm,
			growth: this.family.residualGrowth ?? 1,
			positionsApart: this.family.positionsApart?.(this.config) ?? false,
			attnOnly: !known.has("blocks.0.hook_mlp_out"),
			hasPoint: (name) => known.has(name),
		});
		return result ? { logits: results.get(RESULT) as Tensor<"float32">, cache } : { cache };
	}

	/** Reduces a run inside the graph: only the readout's outputs leave the engine. */
	async read(input: ModelInput, readout: Readout, options: RunOptions = {}): Promise<Map<string, Tensor>> {
		const { names } = readout;
		const none = Array.isArray(names) && names.length === 0;
		const taps = none ? [] : reachedPoints(this.selectable(), names, this.config.nLayers, options);
		return this.execute(input, { options, taps, result: false, readout });
	}

	/** Frees the weights, and the engine where the model started it and no other one of it is left. */
	async dispose(): Promise<void> {
		forgotten.unregister(this);
		if (!this.disposed) this.sharing.models--;
		this.disposed = true;
		if (this.ownsEngine && this.sharing.models === 0) await this.engine.dispose();
		else await this.engine.freeWeights(this.weights);
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}

	private async execute(input: ModelInput, asked: Asked): Promise<Map<string, Tensor>> {
		const { readout } = asked;
		const { interventions = [], cells, weights, donors, dictionaries } = asked.options;
		const width = this.family.tokenWidth?.(this.config);
		const given = feedsOf(input, asked.options, this.config, this.tokenizer, width);
		const size = chunkSize(asked, this.config, given, this.watchers.size > 0);
		if (size !== undefined) {
			const last = lastLayer(asked, this.config.nLayers);
			return runInChunks(size, given, asked, this, last, (part, more) => this.execute(part, more));
		}
		const { tensors, batch, pos, padded } = given;
		checkPositions(asked.options.positions, pos);
		checkCells(cells, batch);
		const changes = compileInterventions(interventions, { ...this.sizes, dictionaries }, cells);
		if (weights) checkWeights(this.modules(), weights);
		const end = lastLayer(asked, this.config.nLayers);
		const options = withPauses(asked.options, this.config, batch * pos, end);
		const { startAtLayer, stopAtLayer, logitsAt, past } = options;
		const concrete = readout?.concrete || options.concrete;
		const range = {
			startAtLayer,
			stopAtLayer,
			padded,
			...(past && { past: concrete ? past.length : "past" }),
			...(logitsAt && { scored: concrete ? scoredPositions(logitsAt) : "scored" }),
			...(concrete && { batch, pos }),
		};
		const watchers = [...this.watchers].filter(({ name }) => isReached(name, options));
		const watched = [...new Set(watchers.map(({ name }) => name))];
		const request = { ...asked, options, range, edits: changes.hooks, watched };
		const facts = {
			batch,
			pos: (past?.length ?? 0) + pos,
			past: past?.length ?? 0,
			tokens: wholeTokens(past, tensors[FEEDS.tokens]),
			mask: tensors[FEEDS.mask] as Tensor<"bool">,
			donors,
		};
		const feeds = {
			...tensors,
			...logitsAtFeeds(logitsAt, batch, pos, stopAtLayer),
			...readout?.feeds,
			...changes.feeds(facts),
			...weightFeeds(weights),
		};
		const results = await (options.hostHooks?.length
			? this.runInStages(request, feeds)
			: this.runProgram(this.program(request, changes.key, feeds), feeds, options));
		for (const { name, seen } of watchers) seen(named(name, results.get(watchedName(name)) as Tensor));
		for (const name of watched) results.delete(watchedName(name));
		return results;
	}

	/**
	 * The compiled graph of a request. Requests without functions of the caller's are remembered by what they ask,
	 * readouts also by their function: the same function is not traced again.
	 */
	private program(request: Request, changes: string, feeds: Fed): Program {
		const { range, options, taps, result, readout, watched } = request;
		const make = (): Program => this.compile(this.trace(request), feeds, options.past);
		if (options.hooks || options.patches) return make();
		const weights = Object.entries(options.weights ?? {}).map(([path, own]) => [path, Object.keys(own)]);
		const shapes = shapesOf(this.engine.provider, feeds);
		const key = JSON.stringify([range, taps, result, options.positions, changes, watched, weights, shapes]);
		return this.programs.get(key, readout, make);
	}

	private trace(request: Request): Graph {
		const { outputs } = traceRequest(this.family, this.config, this.selectable(), request);
		return graphOf(outputs);
	}

	private compile(graph: Graph, feeds: Fed, past: RunOptions["past"]): Program {
		const { provider } = this.engine;
		return compile(forFeeds(graph, provider, feeds, past), provider, this.forms);
	}

	/** Runs a request that host hooks cut: up to each cut, then on with what the hook returned. */
	private async runInStages(
		request: Request,
		feeds: Readonly<Record<string, Tensor>>,
	): Promise<Map<string, Tensor>> {
		const { outputs, cuts } = traceRequest(this.family, this.config, this.selectable(), request);
		const known: Record<string, Tensor> = { ...feeds };
		const results = new Map<string, Tensor>();
		for (const [k, { graph }] of stagesOf(outputs, cuts).entries()) {
			if (graph.outputs.size === 0) continue; // nothing is wanted after the last cut
			const program = this.compile(graph, known, request.options.past);
			for (const [name, tensor] of await this.runProgram(program, known, request.options)) {
				if (isCarried(name)) known[name] = tensor;
				else results.set(name, tensor);
			}
			const cut = cuts[k];
			if (!cut) continue;
			const shown = named(cut.point, results.get(cut.name) as Tensor);
			results.delete(cut.name);
			const answer = (await cut.fn(shown, cut.point)) ?? shown;
			if (answer.shape.join() !== shown.shape.join() || answer.dtype !== shown.dtype) {
				throw new HookError(`host hook at "${cut.point}": expected ${shown}, got ${answer}`);
			}
			known[cut.replacement.node.attributes.name as string] = answer;
		}
		return results;
	}

	/** Feeds a program what it reads: a graph may need less than there is. */
	private runProgram(
		program: Program,
		feeds: Readonly<Record<string, Tensor>>,
		{ signal, urgent, past }: RunOptions,
	): Promise<Map<string, Tensor>> {
		const needed = neededFeeds(program.feeds, feeds, past);
		return this.engine.run({ program, weights: this.weights, feeds: needed }, { signal, urgent });
	}
}

/** What a model holds in its engine. */
interface Held {
	readonly engine: Engine;
	readonly weights: WeightsId;
	readonly sharing: { models: number };
}

/** Frees the weights of models that were dropped without `dispose`, whenever the collector finds out. Engines see to themselves. */
const forgotten = new FinalizationRegistry<Held>(({ engine, weights, sharing }) => {
	sharing.models--;
	// an engine that is gone has nothing left to free
	engine.freeWeights(weights).catch(() => {});
});

/** The first layer that a request needs nothing of. */
function lastLayer({ options, taps, result, readout }: Asked, nLayers: number): number {
	const end = options.stopAtLayer ?? nLayers;
	if (result || readout) return end;
	const needed = taps.map((name) => layerOf(name) ?? (isBeforeBlocks(name) ? -1 : end - 1));
	return Math.min(end, Math.max(...needed) + 1);
}

/** @throws {ModelError} for a batch that the cells cannot share. */
function checkCells(cells: RunOptions["cells"], batch: number): void {
	if (cells === undefined || (cells.length > 0 && batch % cells.length === 0)) return;
	const allowed = cells.length === 0 ? "at least one cell" : `a multiple of ${cells.length}`;
	throw new ModelError(`cells: ${cells.length} cells in a batch of ${batch} rows, allowed ${allowed}`);
}

/** A tensor with the axis names of its hook point. */
function named(point: string, { dtype, shape, data }: Tensor): Tensor {
	return new Tensor(dtype, shape, data, axesOf(point, shape.length));
}
