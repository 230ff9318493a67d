/** The functions of the mechanistic interpretability notebook, for in-context regression transformers. */

export {
	type ActivationFigure,
	type ActivationFiguresOptions,
	activationFigures,
} from "./activation-figures.js";
export { type BatchFigures, batchFigures } from "./batch-figures.js";
export { type ComparedRun, type CompareOptions, compareAttention } from "./compare-attention.js";
export { compose } from "./compose.js";
export { ActivationError } from "./error.js";
export { type AttentionModel, getAttention } from "./get-attention.js";
export { optionallyRotate, type Rotated } from "./optionally-rotate.js";
export { overview } from "./overview.js";
export { getAndPlotActivations, type PlotOptions, plotActivations } from "./plot-activations.js";
export { type ModuleTree, printModules } from "./print-modules.js";
export { queriesTimesKeys, type SeparatedAttention, separateAttention } from "./separate-attention.js";
