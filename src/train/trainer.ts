import type { Engine, WeightsId } from "../runtime/index.js";
import { sizeOf, Tensor } from "../tensor/index.js";
import type { Objective } from "./objectives/index.js";
import type { Optimizer, OptimizerSettings } from "./optimizers/index.js";
import { compileStep, LOSS, PARAMETERS, type Parameter, type TrainingStep } from "./step.js";

/** What is trained, on batches of which size, and from where. */
export interface TrainerOptions<C> {
	readonly objective: Objective<C>;
	readonly config: C;
	/** Sequences of a batch, and the length of a sequence in what the objective counts. */
	readonly batch: number;
	readonly length: number;
	readonly optimizer: Optimizer;
	readonly settings: OptimizerSettings;
	/** Where training starts, by parameter. */
	readonly weights: ReadonlyMap<string, Tensor<"float32">>;
	/** The optimizer's vectors [parameter] where training goes on; by default zeros. */
	readonly state?: ReadonlyMap<string, Tensor<"float32">> | undefined;
	readonly engine: Engine;
}

/** A batch as a step is fed it, by the names that the objective's loss reads. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** Parameters and optimizer of a transformer in an engine, and the step that moves them. */
export class Trainer {
	private constructor(
		private readonly parameters: readonly Parameter[],
		private readonly optimizer: Optimizer,
		private readonly settings: OptimizerSettings,
		private readonly engine: Engine,
		private readonly held: WeightsId,
		private readonly compiled: TrainingStep,
	) {}

	/** Compiles the step and puts the parameters into the engine. */
	static async create<C>(options: TrainerOptions<C>): Promise<Trainer> {
		const { objective, config, batch, length, optimizer, settings, weights, state, engine } = options;
		const loss = objective.loss(config, batch, length);
		const parameters = objective.parameters(config);
		const step = compileStep({ loss, parameters, optimizer, settings }, engine.provider);
		const vectors = new Map([[PARAMETERS, flatten(parameters, weights, step.size)]]);
		for (const name of optimizer.state) vectors.set(name, state?.get(name) ?? Tensor.zeros([step.size]));
		return new Trainer(parameters, optimizer, settings, engine, await engine.putWeights(vectors), step);
	}

	/**
	 * One update.
	 * @param step 0-based
	 * @param lr the learning rate of this update
	 * @returns the loss before it
	 */
	async step(batch: Feeds, step: number, lr: number): Promise<number> {
		const scalars = Object.entries(this.optimizer.scalars(this.settings, step + 1, lr));
		const { program, update } = this.compiled;
		const feeds: Record<string, Tensor> = { ...batch };
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
			this.parameters.map(({ name, shape }) => {
				const size = sizeOf(shape);
				at += size;
				return [name, new Tensor("float32", shape, data.subarray(at - size, at))];
			}),
		);
	}

	/** Copies of the optimizer's vectors. */
	async state(): Promise<Map<string, Tensor<"float32">>> {
		const state = new Map<string, Tensor<"float32">>();
		for (const name of this.optimizer.state) {
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
	parameters: readonly Parameter[],
	weights: ReadonlyMap<string, Tensor<"float32">>,
	size: number,
): Tensor<"float32"> {
	const flat = Tensor.zeros([size]);
	let at = 0;
	for (const { name } of parameters) {
		const { data } = weights.get(name) as Tensor<"float32">;
		flat.data.set(data, at);
		at += data.length;
	}
	return flat;
}
