import { type ReadonlySignal, useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { useStudio } from "../studio.js";
import { chosenOf, PROMPTS, PROMPTS_FIRST, PROMPTS_STATE } from "./chosen-prompt.js";
import { NextTable } from "./next-tokens.js";
import "./prompt-box.css";
import { PromptTools } from "./prompt-tools.js";
import { meanLoss, type TokenMarks, TokenStrip } from "./token-strip.js";
import { useViewState } from "./use-view-state.js";

/** Next tokens under each of several prompts. */
const FEW = 5;

/**
 * Where prompts are typed, each with its tokens under it; several stand side by side, and one of them is chosen.
 * @param marks tokens of the chosen prompt that are lit, for views that know where it looks
 */
export function PromptBox({ marks }: { marks?: ReadonlySignal<TokenMarks> }): JSX.Element {
	const { scene } = useStudio();
	const count = useComputed(() => scene.value.prompts.length);
	return (
		<section class="prompt" aria-label="Prompt">
			<div class="prompts">
				{Array.from({ length: count.value }, (_, index) => (
					<PromptCard key={index} index={index} count={count.value} marks={marks} />
				))}
			</div>
			<PromptTools />
		</section>
	);
}

interface PromptCardProps {
	readonly index: number;
	readonly count: number;
	readonly marks: ReadonlySignal<TokenMarks> | undefined;
}

function PromptCard({ index, count, marks }: PromptCardProps): JSX.Element {
	const studio = useStudio();
	const { scene, model, look } = studio;
	const [{ ids }, change] = useViewState(PROMPTS, PROMPTS_STATE, PROMPTS_FIRST);
	const chosen = chosenOf(scene.value) === index;
	const several = count > 1;
	const prompt = scene.value.prompts[index] ?? "";
	// while the next look is computed, the last one may have fewer prompts
	const own = look.value?.[index];
	const field = index === 0 ? "prompt" : `prompt-${index + 1}`;
	const choose = (): void => {
		if (chosenOf(scene.peek()) === index) return;
		change({ chosen: index });
		studio.hovered.value = null;
	};
	// the same function each time, so that a strip of many tokens is rendered anew for a new look only
	const chooseToken = useMemo(
		() => (token: number) => {
			choose();
			studio.show({ token });
		},
		[studio, index],
	);
	const set = (prompts: readonly string[], kind: string): void => studio.edit({ prompts, token: null }, kind);
	return (
		<div class={several && chosen ? "card chosen" : "card"}>
			<div class="card-head">
				<label for={field}>{index === 0 ? "Text" : `Text ${index + 1}`}</label>
				{own && <span class="quiet">{meanLoss(own)}</span>}
				{several && (
					<span class="card-tools">
						<button type="button" aria-pressed={chosen} onClick={choose} title="Show this one's heads">
							{chosen ? "shown" : "show"}
						</button>
						<button
							type="button"
							title={`Remove prompt ${index + 1}`}
							onClick={() => {
								const before = chosenOf(scene.peek());
								set(
									scene.peek().prompts.filter((_, i) => i !== index),
									"remove prompt",
								);
								if (before >= index) change({ chosen: Math.max(0, before - 1) });
							}}
						>
							remove
						</button>
					</span>
				)}
			</div>
			<textarea
				id={field}
				rows={2}
				spellcheck={false}
				value={prompt}
				disabled={model.value?.hasTokenizer === false}
				onFocus={choose}
				onInput={(event) => {
					const { value } = event.currentTarget;
					set(
						scene.peek().prompts.map((text, i) => (i === index ? value : text)),
						`prompt ${index}`,
					);
				}}
			/>
			<TokenStrip
				look={own}
				label={index === 0 ? "Tokens" : `Tokens, prompt ${index + 1}`}
				ids={ids}
				fullLoss={Math.log(model.value?.vocab ?? 2)}
				marks={marks}
				chosen={chosen}
				onChoose={chooseToken}
			/>
			{several && own && <NextTable next={own.next} changed={own.changed !== undefined} most={FEW} />}
		</div>
	);
}
