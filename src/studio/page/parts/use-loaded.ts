import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/**
 * A component that is fetched when it is first shown, so that it is no part of the page's first load.
 * @param load always the same function
 * @returns undefined until it is there
 */
export function useLoaded<P>(load: () => Promise<ComponentType<P>>): ComponentType<P> | undefined {
	const [Shown, setShown] = useState<ComponentType<P> | undefined>(undefined);
	useEffect(() => {
		let wanted = true;
		void load().then((loaded) => wanted && setShown(() => loaded));
		return () => {
			wanted = false;
		};
	}, [load]);
	return Shown;
}
