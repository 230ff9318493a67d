import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
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
 */
export function useCall<K extends keyof Methods>(
	method: K,
	params: ParamsOf<K> | undefined,
	wait = 0,
): Call<K> {
	const { connection } = useStudio();
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
	useEffect(() => {
		if (params === undefined) return;
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
				state.problem.value = "";
			} catch (error) {
				if (!signal.aborted) state.problem.value = error instanceof Error ? error.message : String(error);
			}
			if (!signal.aborted) state.busy.value = false;
		};
		const timer = setTimeout(() => void call(), wait);
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}, [connection, method, key, wait]);
	return state;
}
