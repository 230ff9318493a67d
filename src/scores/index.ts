export { type DetectHeadOptions, type DetectionName, detectHead } from "./detect-head.js";
export { type HeadScores, NOTABLE_LIFT, type RankedHead, standsOut } from "./head-scores.js";
export { findScore, SCORES } from "./registry.js";
export { ScoreError } from "./row.js";
export type { HeadScore, Point, SampleKind } from "./score.js";
export { type ScoreHeadsOptions, scoreHeads } from "./score-heads.js";
export { exampleRow, type SampleOptions } from "./sources.js";
