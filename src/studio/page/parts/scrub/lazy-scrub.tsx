import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

/** The scrub of the page's model, It is fetched behind the first look: it is no part of the first load. */
export function LazyScrub(): JSX.Element {
	const [Shown, setShown] = useState<ComponentType | undefined>(undefined);
	useEffect(() => {
		let wanted = true;
		void import("./model-scrub.js").then(({ ModelScrub }) => wanted && setShown(() => ModelScrub));
		return () => {
			wanted = false;
		};
	}, []);
	// room for it, so that nothing moves when it comes
	return <div style={{ minWidth: 0, minHeight: Shown ? undefined : "11.5rem" }}>{Shown && <Shown />}</div>;
}
