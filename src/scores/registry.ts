import { copying } from "./copying.js";
import { currentToken } from "./current-token.js";
import { distance } from "./distance.js";
import { duplicateToken } from "./duplicate-token.js";
import { entropy } from "./entropy.js";
import { firstToken } from "./first-token.js";
import { induction } from "./induction.js";
import { inductionRepeat } from "./induction-repeat.js";
import { prefixMatching } from "./prefix-matching.js";
import { previousToken } from "./previous-token.js";
import { ScoreError } from "./row.js";
import type { HeadScore } from "./score.js";

/** Every score of language models: a new one is a file and a line here. */
export const SCORES: readonly HeadScore[] = [
	induction,
	inductionRepeat,
	prefixMatching,
	previousToken,
	duplicateToken,
	currentToken,
	firstToken,
	copying,
	entropy,
	distance,
];

/**
 * A score by its name, or one of its modes as `name:mode`.
 * @param scores where to look. Default `SCORES`
 * @throws {ScoreError} that lists the names there are
 */
export function findScore(name: string, scores: readonly HeadScore[] = SCORES): HeadScore {
	const [base, mode] = name.split(":", 2);
	const score = scores.find((s) => s.name === base);
	if (!score) {
		throw new ScoreError(`no score "${base}", allowed: ${scores.map((s) => s.name).join(", ")}`);
	}
	if (mode === undefined) return score;
	const found = Object.hasOwn(score.modes ?? {}, mode) ? score.modes?.[mode] : undefined;
	if (found) return found;
	const modes = Object.keys(score.modes ?? {});
	throw new ScoreError(
		`${base}: no mode "${mode}", ${modes.length > 0 ? `allowed: ${modes.join(", ")}` : "it has none"}`,
	);
}
