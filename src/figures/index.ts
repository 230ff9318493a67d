import { attentionPatternFigure } from "./attention-pattern.js";
import type { Figure } from "./figure.js";
import { headGridFigure } from "./head-grid.js";
import { inductionPageFigure } from "./induction-page.js";
import { layerPatternsFigure } from "./layer-patterns.js";
import { matrixFigureFigure } from "./matrix-figure.js";
import { matrixGridFigure } from "./matrix-grid.js";
import { rankingFigure } from "./ranking.js";
import { scoreGridFigure } from "./score-grid.js";
import { scoreOverStepsFigure } from "./score-over-steps.js";
import { sideBySideFigure } from "./side-by-side.js";
import { tokenGridFigure } from "./token-grid.js";

/** Every figure; a new one is added here. */
export const FIGURES: readonly Figure[] = [
	attentionPatternFigure,
	headGridFigure,
	scoreGridFigure,
	rankingFigure,
	scoreOverStepsFigure,
	inductionPageFigure,
	matrixFigureFigure,
	matrixGridFigure,
	layerPatternsFigure,
	sideBySideFigure,
	tokenGridFigure,
];

export { type AttentionPatternOptions, attentionPattern } from "./attention-pattern.js";
export type { PatternTokens } from "./check.js";
export { SCALES, type Scale } from "./colour.js";
export type { Figure } from "./figure.js";
export { type HeadGridOptions, headGrid } from "./head-grid.js";
export { type InductionPageOptions, inductionPage } from "./induction-page.js";
export { type LayerPatternsOptions, layerPatterns } from "./layer-patterns.js";
export { type MatrixFigureOptions, matrixFigure } from "./matrix-figure.js";
export { type MatrixGridOptions, type MatrixPanel, matrixGrid } from "./matrix-grid.js";
export type { NamedAxis } from "./named-axis.js";
export { type RankingEntry, type RankingOptions, ranking } from "./ranking.js";
export type { BesideScore } from "./ranking-table.js";
export { type ScoreGridOptions, scoreGrid } from "./score-grid.js";
export {
	type ScoreOverStepsOptions,
	type StepLine,
	type StepPanel,
	scoreOverSteps,
} from "./score-over-steps.js";
export { figureSize, inRows, type SideBySideOptions, sideBySide } from "./side-by-side.js";
export { type TokenGridOptions, tokenGrid } from "./token-grid.js";
export { tokenLabel } from "./token-label.js";
export { type Range, valueRange } from "./value-range.js";
