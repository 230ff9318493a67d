/** Change a model and measure: sweeps of ablations and patches in batches, estimates of them, single paths. */
export {
	type AblatedHead,
	type AblatedHeads,
	type AblateOptions,
	type Ablations,
	ablateGreedily,
	ablateHeads,
	ablatePairs,
	type GreedyAblation,
	type PairAblations,
} from "./ablate-heads.js";
export { ABLATION_KINDS, type AblationKind, type AblationTemplate } from "./ablation.js";
export { greedyAblationFigure, pairAblationFigure } from "./ablation-set-figures.js";
export { type Agreement, type AgreementOptions, agreement, type Disagreement } from "./agreement.js";
export { type RankedCell, rankCells, sumPositions } from "./attribution-cells.js";
export {
	type AttributionFigureOptions,
	attributionFigure,
	pathFigure,
	type ShownAttribution,
} from "./attribution-figures.js";
export { type Attribution, type AttributionOptions, attributionPatching } from "./attribution-patching.js";
export { ATTRIBUTION_POINTS, type AttributionPoint } from "./attribution-points.js";
export type { Cell } from "./cells.js";
export { CausalError } from "./errors.js";
export type { CleanOptions, PromptPair } from "./pair-of.js";
export { type Patches, type PatchOptions, patchActivations } from "./patch-activations.js";
export { type PathPatching, type PathPatchingOptions, pathPatching } from "./path-patching.js";
export { type CellPlan, type Pass, type PlanOptions, planCells } from "./plan-cells.js";
export {
	type CellValues,
	type DoneCell,
	type RunCellsOptions,
	runCells,
	type SweepOptions,
} from "./run-cells.js";
export { CORRUPTIONS, type Corruption, type RunPair } from "./run-pair.js";
export { ablationFigure, patchFigure } from "./sweep-figures.js";
