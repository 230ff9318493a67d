import type { Value } from "../../graph/value.js";
import type { Tensor } from "../../tensor/index.js";
import type { Parameter } from "../step.js";

type Weights = ReadonlyMap<string, Tensor<"float32">>;

/**
 * What a run can minimise: one objective = one record of this kind and one line in the registry. `C` is what
 * decides the model, and with it the parameters.
 */
export interface Objective<C> {
	readonly name: string;
	/** One line: the loss and the model. */
	readonly doc: string;
	/** Every parameter, in the order of the optimizer's vectors. */
	parameters(config: C): readonly Parameter[];
	/** Where training starts. */
	initialWeights(config: C, seed: number): Map<string, Tensor<"float32">>;
	/**
	 * The mean loss of a batch as a scalar graph, whose weights are the parameters.
	 * @param length of a sequence, in what the objective counts: examples or tokens
	 */
	loss(config: C, batch: number, length: number): Value;
	/** The weights as a file keeps them. */
	stateDict(config: C, weights: Weights): ReadonlyMap<string, Tensor>;
	/** The weights of such a file, checked. @throws an error that names what does not fit */
	readState(config: C, state: ReadonlyMap<string, Tensor>, where: string): Map<string, Tensor<"float32">>;
}
