import {
	initialWeights,
	parameters,
	parametersOf,
	type RegressionConfig,
	regressionLoss,
	stateDict,
} from "../../models/regression/index.js";
import type { Objective } from "./objective.js";

/** Sequences are counted in examples; fed are xs [batch, example, task_size] and ys [batch, example, 1]. */
export const regressionObjective: Objective<RegressionConfig> = {
	name: "regression",
	doc: "mean squared error of in-context linear regression",
	parameters,
	initialWeights,
	loss: regressionLoss,
	stateDict,
	readState: parametersOf,
};
