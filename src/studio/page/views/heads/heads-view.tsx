import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Changes } from "../../parts/changes/changes.js";
import { NextTokens } from "../../parts/next-tokens.js";
import { Outcome } from "../../parts/outcome/outcome.js";
import { PromptBox } from "../../parts/prompt-box.js";
import { LazyScrub } from "../../parts/scrub/lazy-scrub.js";
import { useStudio } from "../../studio.js";
import { HeadFinder } from "./head-finder.js";
import { HeadGrid } from "./head-grid.js";
import { HeadLarge } from "./head-large.js";
import { Heads, HeadsProvider } from "./heads.js";
import "./heads.css";
import { HeadsBar } from "./heads-bar.js";

/** Every head's pattern, one of them large with the pinned ones beside it, the best heads, and the next token. */
export function HeadsView(): JSX.Element {
	const studio = useStudio();
	const heads = useMemo(() => new Heads(studio), [studio]);
	useEffect(() => {
		const onKey = ({ key, target, defaultPrevented }: KeyboardEvent): void => {
			if (key !== "Escape" || defaultPrevented || (target as Element).closest("dialog, [role=menu]")) return;
			heads.pointed.value = null;
			if (studio.scene.peek().token !== null) studio.show({ token: null });
		};
		document.addEventListener("keydown", onKey);
		return () => document.removeEventListener("keydown", onKey);
	}, [heads, studio]);
	return (
		<HeadsProvider value={heads}>
			<div class="heads-view">
				<PromptBox marks={heads.marks} />
				<div style={{ gridColumn: "1 / -1", minWidth: 0 }}>
					<HeadsBar />
					<LazyScrub />
				</div>
				<HeadLarge />
				<HeadGrid />
				<aside class="findings" aria-label="Findings">
					<NextTokens />
					<HeadFinder />
				</aside>
				<Changes />
				<Outcome />
			</div>
		</HeadsProvider>
	);
}
