import { attentionPatternFigure } from "./attention-pattern.js";
import type { Figure } from "./figure.js";

/** Every figure; a new one is added here. */
export const FIGURES: readonly Figure[] = [attentionPatternFigure];

export { type AttentionPatternOptions, attentionPattern } from "./attention-pattern.js";
export type { PatternTokens } from "./check.js";
export type { Scale } from "./colour.js";
export type { Figure } from "./figure.js";
