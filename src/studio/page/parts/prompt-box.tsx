import type { JSX } from "preact";
import { useStudio } from "../studio.js";

/** Where the prompt is typed, with its tokens under it. */
export function PromptBox(): JSX.Element {
	const studio = useStudio();
	const { scene, model } = studio;
	const [prompt = ""] = scene.value.prompts;
	return (
		<section class="prompt" aria-label="Prompt">
			<label for="prompt">Text</label>
			<textarea
				id="prompt"
				rows={2}
				spellcheck={false}
				value={prompt}
				disabled={model.value?.hasTokenizer === false}
				onInput={(event) => {
					const [, ...others] = scene.peek().prompts;
					studio.edit({ prompts: [event.currentTarget.value, ...others], token: null }, "prompt");
				}}
			/>
			<TokenStrip />
		</section>
	);
}

/** The tokens, white space visible; a pointer over one shows what it attends to. */
export function TokenStrip(): JSX.Element {
	const studio = useStudio();
	const { look, hovered, scene } = studio;
	const tokens = look.value?.[0]?.tokens ?? [];
	const { token } = scene.value;
	return (
		<ol class="tokens" aria-label="Tokens">
			{tokens.map(({ shown, id }, position) => (
				<li key={position}>
					<button
						type="button"
						class={hovered.value === position ? "hovered" : ""}
						aria-pressed={token === position}
						title={`position ${position}, id ${id}`}
						onPointerEnter={() => {
							hovered.value = position;
						}}
						onPointerLeave={() => {
							hovered.value = null;
						}}
						onClick={() => studio.show({ token: token === position ? null : position })}
					>
						{shown}
					</button>
				</li>
			))}
		</ol>
	);
}
