import type { Subject } from "./subject.js";

/**
 * How a check ended. "not judged" is said where the numbers can mean a fault or not, and where a fault found before
 * makes them meaningless; "does not apply" where the model has not what the check looks at. Neither is a failure.
 */
export type Status = "passed" | "failed" | "not judged" | "does not apply";

/** What a check found. */
export interface Outcome {
	readonly status: Status;
	/** What was measured and what is allowed, in a line. */
	readonly detail: string;
	/** The part of the model that is at fault, where the check can tell: "embedding", "layer 3 attention", "unembedding". */
	readonly place?: string;
	/** The largest deviation; Infinity where something is no number. */
	readonly measured?: number;
	/** The largest deviation that is allowed. */
	readonly allowed?: number;
}

/** One thing that holds of every correct model: one file, and one line in the registry. */
export interface Check {
	readonly name: string;
	/** What must hold, in a line. */
	readonly doc: string;
	/** Kinds of fault that break it. */
	readonly sees: string;
	/** Fewest positions of the context on which it says anything. Default 1. */
	readonly positions?: number;
	/** The checks behind it mean nothing where it fails. Default false. */
	readonly decisive?: boolean;
	run(subject: Subject): Promise<Outcome>;
}

/** An outcome of a check that does not look at this model, with the reason. */
export function doesNotApply(detail: string): Outcome {
	return { status: "does not apply", detail };
}

/** An outcome that is no verdict, with the reason. */
export function notJudged(detail: string): Outcome {
	return { status: "not judged", detail };
}

/** A deviation with what is allowed there. */
export interface Deviation {
	/** What deviates: "logits", "scores of layer 2". */
	readonly what: string;
	readonly measured: number;
	readonly allowed: number;
	readonly place?: string | undefined;
}

/**
 * A verdict about deviations in forward order: the first that is too large where there is one, else the largest for
 * what is allowed.
 */
export function judge(deviations: readonly Deviation[]): Outcome {
	const first = deviations.find(isTooLarge);
	const shown = first ?? deviations.toSorted((a, b) => ratioOf(b) - ratioOf(a))[0];
	if (!shown) throw new Error("internal: a check without a measurement");
	const { what, measured, allowed, place } = shown;
	const detail = `${what}: off by ${short(measured)}, allowed ${short(allowed)}`;
	if (!first) return { status: "passed", detail, measured, allowed };
	return { status: "failed", detail, measured, allowed, ...(place !== undefined && { place }) };
}

/** A deviation for what is allowed; none is 0 where nothing is allowed. */
function ratioOf({ measured, allowed }: Deviation): number {
	return measured === 0 ? 0 : measured / allowed;
}

/** Whether a deviation is a fault; what is no number is one. */
export function isTooLarge({ measured, allowed }: Pick<Deviation, "measured" | "allowed">): boolean {
	return !(measured <= allowed);
}

/** A number with two significant digits. */
export function short(value: number): string {
	return Number.isFinite(value) ? String(Number(value.toPrecision(2))) : "more than any number";
}
