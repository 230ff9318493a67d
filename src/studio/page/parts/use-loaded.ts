import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useStudio } from "../studio.js";

/**
 * A component that is fetched behind the first look, so that it keeps nobody waiting for that; where there is none to wait
 * for, because something went wrong, at once.
 * @param load always the same function
 * @returns undefined until it is there
 */
export function useLoaded<P>(load: () => Promise<ComponentType<P>>): ComponentType<P> | undefined {
	const { look, problem } = useStudio();
	const [Shown, setShown] = useState<ComponentType<P> | undefined>(undefined);
	const due = look.value !== undefined || problem.value !== "";
	useEffect(() => {
		if (!due) return;
		let wanted = true;
		void load().then((loaded) => wanted && setShown(() => loaded));
		return () => {
			wanted = false;
		};
	}, [load, due]);
	return Shown;
}
