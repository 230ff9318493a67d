import type { ModuleNode } from "../../graph/trace.js";
import type { ActivationCache } from "../../hooks/activation-cache.js";
import { createEngine, type Engine, type EngineOptions } from "../../runtime/index.js";
import { decodePredictions, encodeTokens } from "../../tasks/regression/index.js";
import type { Tensor } from "../../tensor/index.js";
import { type Family, ModelError } from "../family.js";
import { Model } from "../model.js";
import type { CacheOptions, RunOptions } from "../run-options.js";
import type { RegressionConfig } from "./config.js";
import { regression } from "./family.js";
import { initialWeights, parameters, parametersOf, stateDict } from "./weights.js";

export interface RegressionModelOptions {
	/** An engine to use and leave running; by default the model starts one of its own and ends it. */
	readonly engine?: Engine;
	/** Options of that engine. */
	readonly engineOptions?: EngineOptions;
	/** What errors call the model. Default "regression". */
	readonly name?: string;
}

/** What a regression run does not take: its rows are sequences of equal length, from the first token on. */
type Options<T extends RunOptions> = Omit<
	T,
	"bos" | "mask" | "startAtLayer" | "stopAtLayer" | "logitsAt" | "past"
>;

/**
 * An in-context linear regression transformer with its weights in an engine. `model` has everything that
 * language models have (points, ranges of layers, readouts), on tokens; this class speaks of examples.
 */
export class RegressionModel implements AsyncDisposable {
	private constructor(
		readonly config: RegressionConfig,
		readonly model: Model,
	) {}

	/**
	 * A model from a state dict of the original, with or without its causal masks.
	 * @throws {ModelError} for tensors that are missing, unknown or of another shape
	 */
	static async fromStateDict(
		config: RegressionConfig,
		state: ReadonlyMap<string, Tensor>,
		options: RegressionModelOptions = {},
	): Promise<RegressionModel> {
		const weights = parametersOf(config, state, options.name);
		const engine = options.engine ?? (await createEngine(options.engineOptions));
		const id = await engine.putWeights(weights);
		const name = options.name ?? regression.name;
		const owned = options.engine === undefined;
		return new RegressionModel(
			config,
			new Model(name, regression as unknown as Family, config, undefined, engine, id, owned),
		);
	}

	/** An untrained model with the initial weights of a seed. */
	static fresh(
		config: RegressionConfig,
		seed: number,
		options: RegressionModelOptions = {},
	): Promise<RegressionModel> {
		return RegressionModel.fromStateDict(config, initialWeights(config, seed), options);
	}

	/**
	 * What the model predicts of each y from the examples before it and its own x: [batch, example, 1].
	 * @param xs [batch, example, task_size]; there may be fewer examples than `maxExamples`
	 * @param ys [batch, example, 1]; the last one has no influence
	 */
	async predict(xs: Tensor, ys: Tensor, options: Options<RunOptions> = {}): Promise<Tensor<"float32">> {
		return decodePredictions(await this.model.run(this.tokens(xs, ys), options)).ys;
	}

	/** `predict` with hook functions, by hook name or module path. */
	runWithHooks(
		xs: Tensor,
		ys: Tensor,
		hooks: NonNullable<RunOptions["hooks"]>,
		options: Options<RunOptions> = {},
	): Promise<Tensor<"float32">> {
		return this.predict(xs, ys, { ...options, hooks });
	}

	/**
	 * Predictions and activations: first the original's cache in its order, then the hook points. The table of
	 * positions has no entry, since it is never called.
	 */
	async runWithCache(
		xs: Tensor,
		ys: Tensor,
		options: Options<CacheOptions> = {},
	): Promise<{ predictions: Tensor<"float32">; cache: ActivationCache }> {
		const { logits, cache } = await this.model.runWithCache(this.tokens(xs, ys), {
			...options,
			logits: true,
		});
		return { predictions: decodePredictions(logits as Tensor).ys, cache };
	}

	/** The tree of modules, by the original's paths. */
	modules(): ModuleNode {
		return this.model.modules();
	}

	/** Parameters and causal masks under the original's names, in its order. */
	async stateDict(): Promise<Map<string, Tensor<"float32">>> {
		const weights = new Map<string, Tensor<"float32">>();
		for (const { name } of parameters(this.config)) weights.set(name, await this.model.weight(name));
		return stateDict(this.config, weights);
	}

	/** Frees the weights, and the engine where the model started it. */
	dispose(): Promise<void> {
		return this.model.dispose();
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.dispose();
	}

	private tokens(xs: Tensor, ys: Tensor): Tensor<"float32"> {
		const { taskSize, maxExamples } = this.config;
		const tokens = encodeTokens(xs, ys);
		const examples = (tokens.shape[1] as number) / 2;
		if (xs.shape[2] !== taskSize) {
			throw new ModelError(`${this.model.name}: xs ${xs}, expected task_size ${taskSize} on the last axis`);
		}
		if (examples > maxExamples) {
			throw new ModelError(
				`${this.model.name}: ${examples} examples, allowed 1..${maxExamples} (max_examples)`,
			);
		}
		return tokens;
	}
}
