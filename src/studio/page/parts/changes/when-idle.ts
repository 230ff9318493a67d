import type { Studio } from "../../studio.js";

/**
 * Does the newest of many things as soon as what is shown has been computed: a slider that asked faster than the engine
 * answers would cancel every answer on its way.
 */
export function whenIdle({ busy }: Studio): (work: () => void) => void {
	let newest: (() => void) | undefined;
	return (work) => {
		if (!busy.peek()) {
			newest = undefined;
			work();
			return;
		}
		const waits = newest !== undefined;
		newest = work;
		if (waits) return;
		const stop = busy.subscribe((is) => {
			if (is) return;
			stop();
			const now = newest;
			newest = undefined;
			now?.();
		});
	};
}
