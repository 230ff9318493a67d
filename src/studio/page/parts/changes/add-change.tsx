import type { Intervention } from "headscope";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as z from "zod/mini";
import type { Field, KindForm } from "../../../service/fields.js";
import type { Kinds } from "../../../service/methods/kinds.js";
import { useStudio } from "../../studio.js";
import { useViewState } from "../use-view-state.js";
import { RANDOM_ROWS, rowFacts } from "./donors.js";
import { addChange, type NewChange } from "./edit-changes.js";
import { RECIPES, type Recipe, unlike } from "./recipes.js";
import { ListField } from "./schema-form.js";
import { SteerForm } from "./steer-form.js";

const schema = z.object({
	reference: z.enum(["random", "prompts"]),
	seed: z.int().check(z.nonnegative()),
});

const HEADS: Field = {
	name: "heads to change",
	doc: "",
	required: false,
	type: "list",
	numbers: false,
	all: true,
};

/** What can be done to heads: a button for each. */
export function AddChange({
	kinds,
	added,
	draw,
}: {
	kinds: Kinds | undefined;
	/** Told the change's place, and whether its settings are to be shown. */
	added: (index: number, open: boolean) => void;
	draw: (heads: "all" | readonly string[]) => void;
}): JSX.Element {
	const studio = useStudio();
	const { look, scene, model } = studio;
	const [{ reference, seed }, setState] = useViewState("changes", schema, { reference: "random", seed: 0 });
	const [chosen, setChosen] = useState<"all" | readonly string[] | undefined>(undefined);
	const [pattern, setPattern] = useState("previous-token");
	const [problem, setProblem] = useState("");
	const [steering, setSteering] = useState(false);
	const facts = rowFacts(studio);
	const lengths = (look.value ?? []).map(({ tokens }) => tokens.length);
	const heads = chosen ?? [studio.head.value];
	const apply = ({ make, open }: Recipe): void => {
		if (!facts) return;
		const made = make({ scene: scene.peek(), heads, facts, lengths, reference, seed, pattern });
		setProblem(typeof made === "string" ? made : "");
		if (typeof made !== "string") added(addChange(studio, made), open === true);
	};
	const patterns = kinds?.interventions
		.find(({ kind }) => kind === "replace-pattern")
		?.fields.find(({ name }) => name === "pattern")?.choices;
	const { pins } = scene.value;
	return (
		<div class="add-change">
			<div class="schema-field">
				<span class="name">Heads</span>
				<ListField field={HEADS} value={heads} change={(value) => setChosen(value as typeof chosen)} />
				{pins.length > 0 && (
					<button type="button" onClick={() => setChosen(pins)}>
						pinned
					</button>
				)}
				{chosen && (
					<button type="button" onClick={() => setChosen(undefined)}>
						the one shown
					</button>
				)}
			</div>
			<fieldset class="recipes" aria-label="Add a change" disabled={!facts}>
				{RECIPES.map((recipe) => (
					<button type="button" key={recipe.title} title={recipe.doc} onClick={() => apply(recipe)}>
						{recipe.title}
					</button>
				))}
				<select
					aria-label="Pattern that replaces the head's"
					value={pattern}
					onChange={(event) => setPattern(event.currentTarget.value)}
				>
					{(patterns ?? [pattern]).map((name) => (
						<option key={name} value={name}>
							{name}
						</option>
					))}
				</select>
				<button type="button" title="paint a pattern over the head's own" onClick={() => draw(heads)}>
					Draw pattern
				</button>
				<button
					type="button"
					aria-expanded={steering}
					title="a direction between two texts is added to the residual stream"
					onClick={() => setSteering(!steering)}
				>
					Steer
				</button>
				<select
					aria-label="Any other kind of change"
					value=""
					onChange={({ currentTarget }) => {
						const kind = kinds?.interventions.find((one) => one.kind === currentTarget.value);
						if (kind) added(addChange(studio, blank(kind, heads, studio.greeting.value?.dictionaries)), true);
						currentTarget.value = "";
					}}
				>
					<option value="">Other ...</option>
					{kinds?.interventions.map(({ kind, doc }) => (
						<option key={kind} value={kind} title={doc}>
							{kind}
						</option>
					))}
				</select>
			</fieldset>
			{steering && <SteerForm added={(index) => added(index, true)} />}
			<div class="schema-field">
				<span class="name">Reference</span>
				<select
					aria-label="Where mean and resample ablation take values from"
					value={reference}
					onChange={(event) => setState({ reference: event.currentTarget.value as "random" }, "reference")}
				>
					<option value="random">over random rows</option>
					<option value="prompts" disabled={unlike(lengths) !== undefined}>
						over the prompts
					</option>
				</select>
				<button
					type="button"
					disabled={reference !== "random"}
					onClick={() => setState({ seed: seed + 1 }, "random rows")}
				>
					Other rows
				</button>
			</div>
			<p class="quiet">
				{reference !== "random"
					? (unlike(lengths) ?? "Every prompt's value becomes the prompts' mean, or another prompt's.")
					: model.value &&
						`${RANDOM_ROWS} rows of ${facts?.length ?? "as many"} random tokens of the model's ${model.value.vocab}, seed ${seed}; made anew when the prompt's length changes.`}
			</p>
			<p class="problem" role="status">
				{problem}
			</p>
		</div>
	);
}

/** A change of a kind with the least that its settings need. */
function blank(
	{ kind, fields }: KindForm,
	heads: "all" | readonly string[],
	dictionaries: readonly string[] = [],
): NewChange {
	const data: Record<string, unknown> = { kind };
	if (fields.some(({ name }) => name === "heads")) data.heads = heads;
	else if (fields.some(({ name }) => name === "layers")) data.layers = [0];
	for (const { name, required, type, choices, numbers } of fields) {
		if (!required || name in data) continue;
		if (name === "from") data[name] = "clean";
		else if (name === "dictionary") data[name] = dictionaries[0] ?? "";
		else if (type === "choice") data[name] = choices?.[0];
		else if (type === "number") data[name] = 1;
		else if (type === "list") data[name] = [numbers ? 0 : ""];
		else data[name] = "";
	}
	return { data: data as unknown as Intervention };
}
