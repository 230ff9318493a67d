import type { JSX } from "preact";
import type { Token } from "../../../service/rows.js";
import { useStudio } from "../../studio.js";
import { alignTokens } from "./align-tokens.js";
import { swapWords } from "./swap-words.js";

/** The clean and the corrupted prompt: the second is offered where there is none; then both rows of tokens, aligned. */
export function PromptPair(): JSX.Element {
	const studio = useStudio();
	const { scene, look } = studio;
	const [clean = "", corrupt] = scene.value.prompts;
	if (corrupt === undefined) {
		const answer = look.value?.[0]?.next[0]?.text ?? "";
		const offered = swapWords(clean, answer) ?? `${clean} `;
		return (
			<div class="prompt-pair">
				<p>
					A patch takes two prompts: activations of the clean one, which is the first text, are put into a
					corrupted one of as many tokens that goes on differently.
				</p>
				<button
					type="button"
					onClick={() => studio.edit({ prompts: [...scene.peek().prompts, offered] }, "corrupt")}
				>
					Add the corrupted prompt <code>{offered}</code>
				</button>
			</div>
		);
	}
	const [first, second] = look.value ?? [];
	return (
		<div class="prompt-pair">
			<p>The first text is the clean prompt, the second the corrupted one.</p>
			{first && second && <BothRows first={first.tokens} second={second.tokens} />}
		</div>
	);
}

/** Both prompts' tokens under each other; those that differ stand out. */
function BothRows({
	first,
	second,
}: {
	readonly first: readonly Token[];
	readonly second: readonly Token[];
}): JSX.Element {
	const places = alignTokens(first, second);
	const row = (name: string, of: "first" | "second"): JSX.Element => (
		<tr>
			<th scope="row">{name}</th>
			{places.map((place, i) => (
				<td key={i} class={place.first?.id === place.second?.id ? "" : "differs"}>
					{place[of] ? place[of].shown : "·"}
				</td>
			))}
		</tr>
	);
	return (
		<>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
			<section class="both-rows" tabIndex={0} aria-label="Tokens of both prompts">
				<table>
					<tbody>
						{row("clean", "first")}
						{row("corrupted", "second")}
					</tbody>
				</table>
			</section>
			{first.length !== second.length && (
				<p class="problem">
					The clean prompt has {first.length} tokens and the corrupted one {second.length}; patching needs as
					many in both, position by position.
				</p>
			)}
		</>
	);
}
