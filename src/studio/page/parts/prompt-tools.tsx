import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useStudio } from "../studio.js";
import { chosenOf, PROMPTS, PROMPTS_FIRST, PROMPTS_STATE } from "./chosen-prompt.js";
import { useViewState } from "./use-view-state.js";

/** As many as the engine takes. */
const MOST_PROMPTS = 8;

/** Texts to begin with, in words of the demo models. */
const SAVED: readonly { readonly title: string; readonly text: string }[] = [
	{ title: "Fox", text: "red fox moon bread king red fox moon bread" },
	{
		title: "Poet",
		text: "poet write song queen sing song poet write book queen read book poet write song queen",
	},
	{ title: "Ring", text: "king give gold ring queen hide gold ring king give gold" },
];

/** What is done with the chosen prompt, and with all of them. */
export function PromptTools(): JSX.Element {
	const studio = useStudio();
	const { scene, model, connection } = studio;
	const [{ ids }, change] = useViewState(PROMPTS, PROMPTS_STATE, PROMPTS_FIRST);
	const draws = useRef(0);
	const { prompts, bos } = scene.value;
	const { hasTokenizer = true, hasBos = false, addsBos = false } = model.value ?? {};
	const put = (text: string, kind: string): void => {
		const now = scene.peek();
		const chosen = chosenOf(now);
		studio.edit({ prompts: now.prompts.map((old, i) => (i === chosen ? text : old)), token: null }, kind);
	};
	const draw = async (kind: "abxa" | "repeat"): Promise<void> => {
		const ref = model.peek()?.ref;
		if (ref === undefined) return;
		draws.current++;
		try {
			const { text } = await connection.call("sample", { model: ref, kind, seed: draws.current });
			put(text, `sample ${draws.current}`);
		} catch (error) {
			studio.problem.value = error instanceof Error ? error.message : String(error);
		}
	};
	return (
		<div class="prompt-tools">
			<label>
				<input
					type="checkbox"
					checked={bos ?? addsBos}
					disabled={!hasBos}
					onChange={({ currentTarget: { checked } }) =>
						studio.edit({ bos: checked === addsBos ? null : checked, token: null }, "bos")
					}
				/>{" "}
				BOS in front
			</label>
			<label>
				<input
					type="checkbox"
					checked={ids}
					onChange={({ currentTarget: { checked } }) => change({ ids: checked })}
				/>{" "}
				token ids
			</label>
			<span class="samples">
				<span class="quiet">Try:</span>
				<button
					type="button"
					disabled={!hasTokenizer}
					title="A B X.. A: does a head find B behind the last A? Each press draws other words"
					onClick={() => void draw("abxa")}
				>
					A B X.. A
				</button>
				<button
					type="button"
					disabled={!hasTokenizer}
					title="Random words, said twice. Each press draws other words"
					onClick={() => void draw("repeat")}
				>
					repeated words
				</button>
				{SAVED.map(({ title, text }) => (
					<button
						type="button"
						key={title}
						disabled={!hasTokenizer}
						title={text}
						onClick={() => put(text, `saved ${title}`)}
					>
						{title}
					</button>
				))}
			</span>
			<button
				type="button"
				disabled={!hasTokenizer || prompts.length >= MOST_PROMPTS}
				title={`Another one beside it, up to ${MOST_PROMPTS}`}
				onClick={() => {
					const now = scene.peek();
					// a copy to begin with: an empty prompt has no tokens to look at
					studio.edit({ prompts: [...now.prompts, now.prompts[chosenOf(now)] ?? ""] }, "add prompt");
				}}
			>
				Add a prompt
			</button>
		</div>
	);
}
