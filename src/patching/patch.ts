import type { ModuleFn } from "../graph/trace.js";
import type { Model } from "../models/model.js";
import { RegressionModel } from "../models/regression/index.js";
import type { CacheOptions, ModelInput, RunOptions } from "../models/run-options.js";
import type { Tensor } from "../tensor/index.js";
import type { LanguageModules, RegressionModules } from "./modules.js";
import { PatchTree } from "./patch-tree.js";
import { PatchedModule } from "./patched-module.js";

type PredictOptions = NonNullable<Parameters<RegressionModel["predict"]>[2]>;
type PredictCacheOptions = NonNullable<Parameters<RegressionModel["runWithCache"]>[2]>;

/** A regression transformer with whatever was set in it. */
export class PatchedRegression extends PatchedModule {
	/** @internal */
	constructor(
		readonly model: RegressionModel,
		tree: PatchTree = new PatchTree(model.model),
		/** What `runWithCache` keeps by default. */
		private readonly kept?: readonly string[],
	) {
		super(tree, "");
	}

	/** The model's sizes. */
	get config(): RegressionModel["config"] {
		return this.model.config;
	}

	/** As `RegressionModel.predict`: it can be given to an evaluator. */
	async predict(xs: Tensor, ys: Tensor, options: PredictOptions = {}): Promise<Tensor<"float32">> {
		return this.model.predict(xs, ys, await this.tree.options(options));
	}

	/** As `RegressionModel.runWithCache`. */
	async runWithCache(
		xs: Tensor,
		ys: Tensor,
		options: PredictCacheOptions = {},
	): ReturnType<RegressionModel["runWithCache"]> {
		const kept = this.kept && { names: this.kept };
		return this.model.runWithCache(xs, ys, await this.tree.options({ ...kept, ...options }));
	}

	/** The same wrapper, whose `runWithCache` keeps these by default. @internal */
	keeping(names: readonly string[]): PatchedRegression {
		return new PatchedRegression(this.model, this.tree, names);
	}
}

/** A language model with whatever was set in it. */
export class PatchedModel extends PatchedModule {
	/** @internal */
	constructor(
		readonly model: Model,
		tree: PatchTree = new PatchTree(model),
		private readonly kept?: readonly string[],
	) {
		super(tree, "");
	}

	/** The model's sizes. */
	get config(): Model["config"] {
		return this.model.config;
	}

	/** As `Model.run`. */
	async run(input: ModelInput, options: RunOptions = {}): Promise<Tensor<"float32">> {
		return this.model.run(input, await this.tree.options(options));
	}

	/** As `Model.runWithCache`. */
	async runWithCache(input: ModelInput, options: CacheOptions = {}): ReturnType<Model["runWithCache"]> {
		const kept = this.kept && { names: this.kept };
		return this.model.runWithCache(input, await this.tree.options({ ...kept, ...options }));
	}

	/** The same wrapper, whose `runWithCache` keeps these by default. @internal */
	keeping(names: readonly string[]): PatchedModel {
		return new PatchedModel(this.model, this.tree, names);
	}
}

/**
 * Wraps a model so that any of its modules can be replaced and put back:
 * `patched.token_sequence_transformer.blocks[0].attention.attention_softmax.set(fn)`, or by path with `at`. The
 * model itself stays as it is.
 */
export function patch(model: RegressionModel): PatchedRegression & RegressionModules;
export function patch(model: Model): PatchedModel & LanguageModules;
export function patch(model: RegressionModel | Model): PatchedModule {
	return model instanceof RegressionModel ? new PatchedRegression(model) : new PatchedModel(model);
}

/** Sets a module to a function and returns it; its `reset` puts the original back. */
export function patch_<M extends PatchedModule>(module: M, fn: ModuleFn): M {
	module.set(fn);
	return module;
}

/** The model that a wrapper or a regression transformer runs. */
export function modelOf(model: RegressionModel | Model | PatchedRegression | PatchedModel): Model {
	if (model instanceof PatchedModule) return model.tree.model;
	return model instanceof RegressionModel ? model.model : (model as Model);
}
