import { type Engine, Model, type Tensor } from "headscope";

/**
 * A model whose weights are replaced while it is used: what was compiled for it stays, so that a look at each step costs a
 * run and no more.
 */
export class LiveModel {
	readonly model: Model;
	private current = "";

	/** @param like the same architecture in the same engine */
	constructor({ name, family, config, tokenizer, engine }: Model) {
		const run: Engine["run"] = (request, options) =>
			engine.run({ ...request, weights: this.current }, options);
		const live: Engine = Object.create(engine, { run: { value: run } });
		this.model = new Model(name, family, config, tokenizer, live, "", false);
	}

	/** @param weights by name, as the family declares them */
	async take(weights: ReadonlyMap<string, Tensor<"float32">>): Promise<void> {
		const { engine } = this.model;
		const before = this.current;
		this.current = await engine.putWeights(weights);
		if (before !== "") await engine.freeWeights(before);
	}

	async dispose(): Promise<void> {
		if (this.current !== "") await this.model.engine.freeWeights(this.current);
	}
}
