import type { HeadScore } from "../score.js";
import { duplicateToken } from "./duplicate-token.js";
import { induction } from "./induction.js";
import { previousToken } from "./previous-token.js";

/** Every score of regression runs: a new one is a file and a line here. */
export const REGRESSION_SCORES: readonly HeadScore[] = [induction, previousToken, duplicateToken];
