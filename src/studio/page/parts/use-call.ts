import { type ReadonlySignal, signal } from "@preact/signals";
import { useLayoutEffect, useMemo } from "preact/hooks";
import type { Methods, ParamsOf, ProgressOf, ResultOf } from "../../service/registry.js";
import { useStudio } from "../studio.js";

/** How a call stands. The last result stays while the next one is computed. */
export interface Call<K extends keyof Methods> {
	readonly result: ReadonlySignal<ResultOf<K> | undefined>;
	readonly progress: ReadonlySignal<ProgressOf<K> | undefined>;
	readonly busy: ReadonlySignal<boolean>;
	/** What went wrong, for people; empty when nothing did. */
	readonly problem: ReadonlySignal<string>;
}

/**
 * Calls a method of the engine whenever its parameters change in value; what is under way for older ones is cancelled.
 * @param params undefined: nothing is called
 * @param wait milliseconds that parameters must stay, for what is too slow for each keystroke. Default 0
 * @param keep whether results are kept for when the same is asked again, of the same opened model. Default false
 */
export function useCall<K extends keyof Methods>(
	method: K,
	params: ParamsOf<K> | undefined,
	wait = 0,
	keep = false,
): Call<K> {
	const { connection, model } = useStudio();
	const state = useMemo(
		() => ({
			result: signal<ResultOf<K> | undefined>(undefined),
			progress: signal<ProgressOf<K> | undefined>(undefined),
			busy: signal(false),
			problem: signal(""),
		}),
		[],
	);
	const key = params === undefined ? undefined : JSON.stringify(params);
	// at once: an effect that waits for a frame asks 30 ms later, or 200 where a large page is painted meanwhile
	useLayoutEffect(() => {
		state.busy.value = false;
		if (params === undefined) return;
		state.progress.value = undefined;
		const kept = keep ? keptOf(model.peek()) : undefined;
		const known = kept?.get(`${method} ${key}`);
		if (known) {
			state.result.value = known as ResultOf<K>;
			state.problem.value = "";
			return;
		}
		const abort = new AbortController();
		const { signal } = abort;
		state.busy.value = true;
		const call = async (): Promise<void> => {
			try {
				const onProgress = (progress: ProgressOf<K>): void => {
					state.progress.value = progress;
				};
				const result = await connection.call(method, params, { signal, onProgress });
				if (signal.aborted) return;
				state.result.value = result;
				if (kept) keepIn(kept, `${method} ${key}`, result);
				state.problem.value = "";
			} catch (error) {
				if (!signal.aborted) state.problem.value = error instanceof Error ? error.message : String(error);
			}
			if (!signal.aborted) state.busy.value = false;
		};
		const timer = wait > 0 ? setTimeout(() => void call(), wait) : void call();
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}, [connection, method, key, wait, keep]);
	return state;
}

/** Results that are kept for each opened model. */
const MOST_KEPT = 24;
const keptResults = new WeakMap<object, Map<string, unknown>>();

function keptOf(model: object | undefined): Map<string, unknown> | undefined {
	if (!model) return undefined;
	const found = keptResults.get(model) ?? new Map<string, unknown>();
	keptResults.set(model, found);
	return found;
}

function keepIn(results: Map<string, unknown>, key: string, result: unknown): void {
	results.set(key, result);
	const oldest = results.keys().next();
	if (results.size > MOST_KEPT && !oldest.done) results.delete(oldest.value);
}
