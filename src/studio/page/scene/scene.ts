import type { Intervention } from "headscope";
import * as z from "zod/mini";

/** A change of the model, with a switch. */
export interface Change {
	readonly on: boolean;
	readonly data: Intervention;
	/** Where its numbers come from, for people. */
	readonly note?: string;
}

/**
 * Everything that is visible, as plain data: it is what the address holds, what undo goes back to, and what an
 * experiment file is made of. Results are no part of it; they follow from it.
 */
export interface Scene {
	/** A bundled model's name, a hub id or an address; "file:NAME" for dropped files. */
	readonly model: string;
	/** The first is the one that is looked at, the others stand beside it. */
	readonly prompts: readonly string[];
	/** Put a BOS in front. Null: where the model's own tokenizer does. */
	readonly bos: boolean | null;
	readonly changes: readonly Change[];
	/** Whose values changes take, by name, as experiments have them. */
	readonly donors: Readonly<Record<string, Donor>>;
	readonly view: string;
	/** The head shown large, such as "1.3"; empty: the best one at the score. */
	readonly head: string;
	/** Heads that stay beside it. */
	readonly pins: readonly string[];
	/** The score that heads are shaded and ordered by; empty for none. */
	readonly score: string;
	readonly order: "layer" | "score";
	readonly scale: "linear" | "log" | "hide-first";
	readonly weighting: "pattern" | "value";
	/** The token that is locked, by position; null for none. */
	readonly token: number | null;
	/** What views of their own keep, by the view's id. */
	readonly views: Readonly<Record<string, unknown>>;
}

export type Donor =
	| "unchanged"
	| { readonly prompts?: string[]; readonly ids?: number[][]; readonly bos?: boolean };

/** What the first visitor sees: the best induction head of the demo model on a repeated sentence. */
export const FIRST_SCENE: Scene = {
	model: "demo",
	prompts: ["red fox moon bread king red fox moon bread"],
	bos: null,
	changes: [],
	donors: {},
	view: "heads",
	head: "",
	pins: [],
	score: "induction",
	order: "layer",
	scale: "linear",
	weighting: "pattern",
	token: null,
	views: {},
};

const head = z.string().check(z.regex(/^(\d+\.\d+)?$/));
const text = z.string().check(z.maxLength(200_000));
const donor = z.union([
	z.literal("unchanged"),
	z.strictObject({
		prompts: z.optional(z.array(text)),
		ids: z.optional(z.array(z.array(z.int()))),
		bos: z.optional(z.boolean()),
	}),
]);

/** Checks each part of a scene that comes from outside. Changes are checked by the engine, which knows the model. */
export const SCENE_PARTS: { readonly [K in keyof Scene]: z.ZodMiniType } = {
	model: z.string().check(z.minLength(1), z.maxLength(500)),
	prompts: z.array(text).check(z.minLength(1), z.maxLength(8)),
	bos: z.nullable(z.boolean()),
	changes: z
		.array(
			z.strictObject({
				on: z.boolean(),
				data: z.looseObject({ kind: z.string() }),
				note: z.optional(z.string().check(z.maxLength(500))),
			}),
		)
		.check(z.maxLength(256)),
	donors: z.record(z.string(), donor),
	view: z.string().check(z.regex(/^[a-z-]{1,40}$/)),
	head,
	pins: z.array(head).check(z.maxLength(12)),
	score: z.string().check(z.maxLength(60)),
	order: z.enum(["layer", "score"]),
	scale: z.enum(["linear", "log", "hide-first"]),
	weighting: z.enum(["pattern", "value"]),
	token: z.nullable(z.int().check(z.nonnegative())),
	views: z.record(z.string(), z.unknown()),
};
