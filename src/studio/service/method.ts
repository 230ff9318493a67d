import type * as z from "zod/mini";
import type { StudioState } from "./state.js";

/** What a method has beside its parameters. */
export interface MethodContext<P> {
	readonly state: StudioState;
	/** Aborted when the page wants something newer, or is gone. */
	readonly signal: AbortSignal;
	/** Tells the page how far it is, or a part of the result. */
	report(progress: P): void;
}

/**
 * One thing that a page can ask of an engine = one file in `methods/` and a line in `registry.ts`. Parameters, results
 * and progress are plain data and tensors; parameters are checked, since they come from another program.
 */
export interface StudioMethod<S extends z.ZodMiniType = z.ZodMiniType, R = unknown, P = unknown> {
	/** One line: what it gives. */
	readonly doc: string;
	readonly params: S;
	run(params: z.output<S>, context: MethodContext<P>): Promise<R>;
}

/** Checks a method's record; an identity at run time. */
export function defineMethod<S extends z.ZodMiniType, R, P = never>(
	method: StudioMethod<S, R, P>,
): StudioMethod<S, R, P> {
	return method;
}
