import type { Model } from "../models/model.js";
import { type Check, doesNotApply, notJudged, type Outcome } from "./check.js";
import { reject } from "./errors.js";
import type { Reference } from "./reference.js";
import { CHECKS } from "./registry.js";
import { makeSubject, type Subject } from "./subject.js";

/** The project's bound for two implementations in float32: |difference| <= 5e-5 max(1, max|reference| / 10). */
const TOLERANCE = 5e-5;

/** What a model is checked with, and which checks are made. */
export interface VerifyOptions {
	/** What another program computed with the model: `readReference`. Default none. */
	readonly reference?: Reference | undefined;
	/** A text of the kind that the model was trained on. Default: English, where the vocabulary has more than 4,000 tokens. */
	readonly text?: string | undefined;
	/** Names of the checks to make. Default: all that apply. */
	readonly checks?: readonly string[] | undefined;
	/** |difference| <= tolerance max(1, max|expected| / 10). Default 5e-5; more for a reference in half precision. */
	readonly tolerance?: number | undefined;
	/** Told how many checks are done, of how many. */
	readonly onProgress?: ((done: number, total: number) => void) | undefined;
	readonly signal?: AbortSignal | undefined;
}

/** A check and what it found. */
export interface Finding extends Outcome {
	readonly check: string;
}

/** What is known of a model after its checks. */
export interface Verification {
	/** No check failed. */
	readonly passed: boolean;
	/** In the order they were made. */
	readonly findings: readonly Finding[];
	/** The part that the first failed check names, where one does. */
	readonly place?: string;
	/** Kinds of fault that the checks which were judged can see. */
	readonly sees: readonly string[];
	/** Kinds of fault that none of them can. */
	readonly cannotSee: readonly string[];
}

/** What only a reference shows. */
const BLIND_ALONE = [
	"another model than was meant: a wrong RoPE base, norm epsilon, scale or activation, exchanged or transposed weights, as long as the invariants hold and the text's loss does not suffer",
	"a tokenizer that gives other ids than the original's",
];

/** What a reference does not show either. */
const BLIND_WITH_REFERENCE = [
	"faults beyond the reference's prompt: rows of tokens that it does not use, positions that it does not reach",
	"faults that the program which made the reference shares",
];

/**
 * Checks a language model: what must hold of every correct one, whether it predicts a text, and with a reference whether
 * its numbers are another program's.
 * @throws {VerifyError} for a reference or text that does not fit the model, unknown checks, and models whose tokens are vectors
 */
export async function verifyModel(model: Model, options: VerifyOptions = {}): Promise<Verification> {
	const { reference, text, onProgress, signal, tolerance = TOLERANCE } = options;
	if (model.family.tokenWidth)
		reject("model", `tokens of ${model.family.name} are vectors; only language models are verified`);
	if (!(tolerance > 0 && Number.isFinite(tolerance)))
		reject("tolerance", `got ${tolerance}, allowed a positive number`);
	const chosen = chooseChecks(options.checks, reference !== undefined);
	const subject = makeSubject(model, { tolerance, reference, text, signal });
	const findings: Finding[] = [];
	let broken: string | undefined;
	for (const [done, check] of chosen.entries()) {
		signal?.throwIfAborted();
		onProgress?.(done, chosen.length);
		const outcome = broken === undefined ? await outcomeOf(check, subject) : notJudged(`"${broken}" failed`);
		findings.push({ check: check.name, ...outcome });
		if (check.decisive && outcome.status === "failed") broken = check.name;
	}
	const place = findings.find(({ status, place }) => status === "failed" && place !== undefined)?.place;
	const judged = new Set(
		findings.flatMap(({ check, status }) => (status === "passed" || status === "failed" ? [check] : [])),
	);
	return {
		passed: findings.every(({ status }) => status !== "failed"),
		findings,
		...(place !== undefined && { place }),
		sees: chosen.flatMap(({ name, sees }) => (judged.has(name) ? [sees] : [])),
		cannotSee: judged.has("reference") ? BLIND_WITH_REFERENCE : BLIND_ALONE,
	};
}

/** What a check finds, where the context is long enough for it. */
async function outcomeOf(check: Check, subject: Subject): Promise<Outcome> {
	const { length } = subject.rows[0];
	return length < (check.positions ?? 1)
		? doesNotApply(`the context has ${length} positions`)
		: check.run(subject);
}

function chooseChecks(names: readonly string[] | undefined, hasReference: boolean): typeof CHECKS {
	const known = CHECKS.map(({ name }) => name);
	const unknown = names?.find((name) => !known.includes(name));
	if (unknown !== undefined) reject("checks", `no check "${unknown}", allowed: ${known.join(", ")}`);
	if (names?.includes("reference") && !hasReference) reject("checks", `"reference" needs a reference`);
	return CHECKS.filter(({ name }) => names?.includes(name) ?? (name !== "reference" || hasReference));
}
