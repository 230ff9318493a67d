import type { JSX } from "preact";
import { NextTokens } from "../../parts/next-tokens.js";
import { PromptBox } from "../../parts/prompt-box.js";
import { HeadGrid } from "./head-grid.js";
import { HeadLarge } from "./head-large.js";

/** Every head's pattern, one of them large, and the next token. */
export function HeadsView(): JSX.Element {
	return (
		<div class="heads-view">
			<PromptBox />
			<HeadGrid />
			<HeadLarge />
			<NextTokens />
		</div>
	);
}
