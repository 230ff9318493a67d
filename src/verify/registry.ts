import type { Check } from "./check.js";
import { cache } from "./checks/cache.js";
import { causality } from "./checks/causality.js";
import { finite } from "./checks/finite.js";
import { float64 } from "./checks/float64.js";
import { padding } from "./checks/padding.js";
import { reference } from "./checks/reference.js";
import { rotation } from "./checks/rotation.js";
import { softmax } from "./checks/softmax.js";
import { text } from "./checks/text.js";
import { textPositions } from "./checks/text-positions.js";
import { weights } from "./checks/weights.js";

/** Every check, in the order they are made: a new one is a file and a line here. */
export const CHECKS: readonly Check[] = [
	reference,
	weights,
	finite,
	causality,
	padding,
	cache,
	softmax,
	rotation,
	float64,
	text,
	textPositions,
];
