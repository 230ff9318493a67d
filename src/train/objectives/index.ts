import { languageObjective } from "./language.js";
import type { Objective } from "./objective.js";
import { regressionObjective } from "./regression.js";

export type { Objective } from "./objective.js";
export { languageObjective, regressionObjective };

/** Every objective there is: a new one is one file and one line here. */
export const OBJECTIVES = [
	regressionObjective,
	languageObjective,
] as const satisfies readonly Objective<never>[];
