import { LOSS_FEEDS, parameters, type RegressionConfig, regressionLoss } from "../models/regression/index.js";
import type { Engine, WeightsId } from "../runtime/index.js";
import { sizeOf, Tensor } from "../tensor/index.js";
import type { Optimizer, OptimizerSettings } from "./optimizers/index.js";
import { compileStep, LOSS, PARAMETERS, type TrainingStep } from "./step.js";

export interface TrainerOptions {
	readonly config: RegressionConfig;
	/** Sequences of a batch, and examples of a sequence. */
	readonly batch: number;
	readonly examples: number;
	readonly optimizer: Optimizer;
	readonly settings: OptimizerSettings;
	/** Where training starts, by parameter. */
	readonly weights: ReadonlyMap<string, Tensor<"float32">>;
	/** The optimizer's vectors [parameter] where training goes on; by default zeros. */
	readonly state?: ReadonlyMap<string, Tensor<"float32">> | undefined;
	readonly engine: Engine;
}

/** Parameters and optimizer of a regression transformer in an engine, and the step that moves them. */
export class Trainer {
	private constructor(
		private readonly config: RegressionConfig,
		private readonly engine: Engine,
		private readonly held: WeightsId,
		private readonly compiled: TrainingStep,
		private readonly options: TrainerOptions,
	) {}

	static async create(options: TrainerOptions): Promise<Trainer> {
		const { config, batch, examples, optimizer, settings, weights, state, engine } = options;
		const loss = regressionLoss(config, batch, examples);
		const step = compileStep({ loss, parameters: parameters(config), optimizer, settings }, engine.provider);
		const vectors = new Map([[PARAMETERS, flatten(config, weights, step.size)]]);
		for (const name of optimizer.state) vectors.set(name, state?.get(name) ?? Tensor.zeros([step.size]));
		return new Trainer(config, engine, await engine.putWeights(vectors), step, options);
	}

	/**
	 * One update.
	 * @param batch xs [batch, example, task_size] and ys [batch, example, 1]
	 * @param step 0-based
	 * @param lr the learning rate of this update
	 * @returns the loss before it
	 */
	async step(batch: { readonly xs: Tensor; readonly ys: Tensor }, step: number, lr: number): Promise<number> {
		const { optimizer, settings } = this.options;
		const scalars = Object.entries(optimizer.scalars(settings, step + 1, lr));
		const { program, update } = this.compiled;
		const feeds: Record<string, Tensor> = { [LOSS_FEEDS.xs]: batch.xs, [LOSS_FEEDS.ys]: batch.ys };
		for (const { name } of program.feeds) {
			const scalar = scalars.find(([key]) => key === name);
			if (scalar) feeds[name] = Tensor.scalar(scalar[1]);
		}
		const results = await this.engine.run({ program, weights: this.held, feeds, update });
		return (results.get(LOSS) as Tensor).item();
	}

	/** A copy of the parameters, by name. */
	async weights(): Promise<Map<string, Tensor<"float32">>> {
		const { data } = await this.engine.readWeight(this.held, PARAMETERS);
		let at = 0;
		return new Map(
			parameters(this.config).map(({ name, shape }) => {
				const size = sizeOf(shape);
				at += size;
				return [name, new Tensor("float32", shape, data.subarray(at - size, at))];
			}),
		);
	}

	/** Copies of the optimizer's vectors. */
	async state(): Promise<Map<string, Tensor<"float32">>> {
		const state = new Map<string, Tensor<"float32">>();
		for (const name of this.options.optimizer.state) {
			state.set(name, await this.engine.readWeight(this.held, name));
		}
		return state;
	}

	/** Frees the vectors; the engine goes on. */
	dispose(): Promise<void> {
		return this.engine.freeWeights(this.held);
	}
}

function flatten(
	config: RegressionConfig,
	weights: ReadonlyMap<string, Tensor<"float32">>,
	size: number,
): Tensor<"float32"> {
	const flat = Tensor.zeros([size]);
	let at = 0;
	for (const { name } of parameters(config)) {
		const { data } = weights.get(name) as Tensor<"float32">;
		flat.data.set(data, at);
		at += data.length;
	}
	return flat;
}
