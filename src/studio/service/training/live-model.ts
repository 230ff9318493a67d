import { type Engine, Model, type Tensor } from "headscope";

/**
 * A model whose weights are replaced while it is used: what was compiled for it stays, so that a look at each step costs a
 * run and no more.
 */
export class LiveModel {
	readonly model: Model;
	private readonly engine: Engine;
	private current = "";

	/** @param like the same architecture in the same engine */
	constructor({ name, family, config, tokenizer, engine }: Model) {
		this.engine = engine;
		const run: Engine["run"] = (request, options) =>
			engine.run({ ...request, weights: this.current }, options);
		// it runs and does nothing else: an engine's own state, such as how it names weights, must not be kept twice
		const live: Engine = Object.create(engine, { run: { value: run } });
		this.model = new Model(name, family, config, tokenizer, live, "", false);
	}

	/** @param weights by name, as the family declares them */
	async take(weights: ReadonlyMap<string, Tensor<"float32">>): Promise<void> {
		const before = this.current;
		this.current = await this.engine.putWeights(weights);
		if (before !== "") await this.engine.freeWeights(before);
	}

	async dispose(): Promise<void> {
		if (this.current !== "") await this.engine.freeWeights(this.current);
	}
}
