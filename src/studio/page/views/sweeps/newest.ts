import type { ReadonlySignal } from "@preact/signals";
import type { SweepProgress } from "./sweep-status.js";

/** A call of a sweep, which tells while it runs what is of the same form as its result. */
interface SweepCall<T extends SweepProgress> {
	readonly result: ReadonlySignal<T | undefined>;
	readonly progress: ReadonlySignal<T | undefined>;
	readonly busy: ReadonlySignal<boolean>;
}

/**
 * What is shown of a sweep: while it runs the cells so far, of a cancelled one what there was, else the result. The
 * result before stays until the first cells are there.
 */
export function newest<T extends SweepProgress>({ result, progress, busy }: SweepCall<T>): T | undefined {
	const soFar = progress.value;
	if (busy.value) return soFar ?? result.value;
	return soFar && soFar.done < soFar.total ? soFar : result.value;
}
