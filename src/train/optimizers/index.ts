import { adam, adamW } from "./adam.js";
import type { Optimizer } from "./optimizer.js";
import { sgd } from "./sgd.js";

export type { Named, Optimizer, OptimizerSettings } from "./optimizer.js";

/** Every optimizer there is: a new one is one file and one line here. */
export const OPTIMIZERS: readonly Optimizer[] = [adam, adamW, sgd];
