import type { Intervention } from "headscope";
import { type RowFacts, randomRows } from "../../../random-rows.js";
import type { Scene } from "../../scene/scene.js";
import { chosenOf } from "../chosen-prompt.js";
import { donorOfText, promptDonor, RANDOM, RANDOM_ROWS } from "./donors.js";
import type { NewChange } from "./edit-changes.js";

/** What a change is made for. */
export interface RecipeContext {
	readonly scene: Scene;
	readonly heads: "all" | readonly string[];
	readonly facts: RowFacts;
	/** Tokens of each prompt. */
	readonly lengths: readonly number[];
	/** Where mean and resample ablation take other values from. */
	readonly reference: "random" | "prompts";
	readonly seed: number;
	/** The pattern that replaces a head's own. */
	readonly pattern: string;
}

/** A change that a button adds, complete as it is; its settings can be edited in the list. */
export interface Recipe {
	readonly title: string;
	/** One line: what it does to the heads. */
	readonly doc: string;
	/** Whether its settings are shown at once, since it is not much without them. */
	readonly open?: boolean;
	/** The change, or why it cannot be made, for people. */
	make(context: RecipeContext): NewChange | string;
}

export const RECIPES: readonly Recipe[] = [
	{
		title: "Zero",
		doc: "zero ablation: what the head writes is taken away",
		make: ({ heads }) => ({ data: { kind: "zero", heads } }),
	},
	{
		title: "Mean",
		doc: "mean ablation: what the head writes becomes its mean over other rows",
		make: (context) => fromReference(context, { kind: "mean", heads: context.heads }),
	},
	{
		title: "Resample",
		doc: "resample ablation: what the head writes becomes what it writes in another row",
		make: (context) => fromReference(context, { kind: "resample", heads: context.heads }),
	},
	{
		title: "Scale",
		doc: "what the head writes is multiplied by a factor",
		open: true,
		make: ({ heads }) => ({ data: { kind: "scale", heads, factor: 2 } }),
	},
	{
		title: "Knock out keys",
		doc: "queries can no longer attend to chosen tokens",
		open: true,
		make: ({ scene, heads }) => ({ data: { kind: "knock-out", heads, keys: [scene.token ?? 0] } }),
	},
	{
		title: "Edit scores",
		doc: "an amount is added to single scores before the softmax",
		open: true,
		make: ({ scene, heads, lengths }) => {
			const query = (lengths[chosenOf(scene)] ?? 1) - 1;
			return { data: { kind: "edit-scores", heads, pairs: [[query, scene.token ?? 0, 3]] } };
		},
	},
	{
		title: "Patch",
		doc: "what the head writes becomes what it writes on another text of as many tokens",
		open: true,
		make: ({ scene, heads, lengths }) => {
			const { prompts } = scene;
			if (prompts.length === 1) {
				const text = unused("other text", scene.donors);
				const donor = donorOfText(prompts[0] ?? "", scene);
				return { data: { kind: "patch", heads, from: text }, donors: { [text]: donor } };
			}
			const other = chosenOf(scene) === 0 ? 1 : 0;
			const unequal = lengths.findIndex((length) => length !== lengths[other]);
			if (unequal >= 0)
				return `prompt ${unequal + 1} has ${lengths[unequal]} tokens and prompt ${other + 1} has ${lengths[other]}: patching needs as many`;
			const from = promptDonor(other);
			const donors = { [from]: donorOfText(prompts[other] ?? "", scene) };
			return { data: { kind: "patch", heads, from }, donors };
		},
	},
	{
		title: "Freeze patterns",
		doc: "every head's pattern stays as in the unchanged model, so that other changes act through values alone",
		make: () => ({ data: { kind: "freeze", at: "pattern", from: "clean" } }),
	},
	{
		title: "Replace pattern",
		doc: "the head's pattern becomes the one chosen here",
		make: ({ heads, pattern }) => ({
			data: { kind: "replace-pattern", heads, pattern } as Intervention,
		}),
	},
];

/** A name that no donor has. */
function unused(name: string, donors: Scene["donors"]): string {
	for (let i = 1; ; i++) {
		const numbered = i === 1 ? name : `${name} ${i}`;
		if (!Object.hasOwn(donors, numbered)) return numbered;
	}
}

/** Ablations that need other rows. */
function fromReference(
	{ reference, facts, lengths, seed }: RecipeContext,
	data: Extract<Intervention, { kind: "mean" | "resample" }>,
): NewChange | string {
	if (reference === "random")
		return {
			data: { ...data, from: RANDOM },
			donors: { [RANDOM]: { ids: randomRows(facts, RANDOM_ROWS, seed) } },
		};
	return unlike(lengths) ?? { data };
}

/** Why prompts cannot stand for each other. */
export function unlike(lengths: readonly number[]): string | undefined {
	if (lengths.length < 2)
		return "there is one prompt only; add another in the text view, or take random rows";
	return lengths.every((length) => length === lengths[0])
		? undefined
		: `the prompts have ${lengths.join(", ")} tokens, and ablation over them needs as many in each`;
}
