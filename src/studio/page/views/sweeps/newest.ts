import type { ReadonlySignal } from "@preact/signals";
import type { SweepProgress } from "./sweep-status.js";

/** A call of a sweep, which tells while it runs what is of the same form as its result. */
interface SweepCall<T extends SweepProgress> {
	readonly result: ReadonlySignal<T | undefined>;
	readonly progress: ReadonlySignal<T | undefined>;
	readonly busy: ReadonlySignal<boolean>;
	readonly problem: ReadonlySignal<string>;
}

/** How a sweep stands. */
export interface Sweep<T> {
	/**
	 * While it runs the cells so far, of a cancelled one what there was, else the result. The result before stays until the
	 * first cells are there.
	 */
	readonly shown: T | undefined;
	readonly busy: boolean;
	/** How far the newest run is. */
	readonly progress: T | undefined;
	readonly problem: string;
}

/** What is shown of a sweep's call. */
export function sweepOf<T extends SweepProgress>({
	result,
	progress,
	busy,
	problem,
}: SweepCall<T>): Sweep<T> {
	const soFar = progress.value;
	const whole = result.value;
	const cut = soFar && soFar.done < soFar.total ? soFar : whole;
	const shown = busy.value ? (soFar ?? whole) : cut;
	return { shown, busy: busy.value, progress: busy.value ? soFar : shown, problem: problem.value };
}
