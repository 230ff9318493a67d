import * as z from "zod/mini";
import { list, setting, text } from "../shared/schemas.js";

const fromZero = z.int().check(z.nonnegative());
const fromOne = z.int().check(z.minimum(1));
const upToMillion = fromOne.check(z.maximum(1_000_000));

/** Rows that are written down. */
const rowFields = {
	prompts: setting(z.union([z.string(), list(z.string())]), "Texts, a row each"),
	ids: setting(list(list(fromZero)), "Rows of token ids; a BOS must already be in them"),
	bos: setting(
		z.boolean(),
		"Put a BOS in front of texts and random rows. Default: where the model's tokenizer does",
	),
};

const samples = z.strictObject({
	task: setting(
		z.enum(["repeat", "induction", "repeat-4", "abxa", "random"]),
		"Kind of random rows, of language models. Default: the metric's own",
	),
	count: setting(upToMillion, "Rows. Default 50, of a run's own sequences all"),
	n: setting(fromOne, "Tokens of a segment, or examples before the one that comes again"),
	seed: setting(fromZero.check(z.maximum(2 ** 32 - 1)), "Default 0"),
	range: setting(
		z.readonly(z.tuple([fromZero, fromOne])),
		"Ids that random tokens are drawn from, [low, high)",
	),
});

const donor = z.union(
	[
		z.literal("unchanged").check(z.describe("The experiment's own rows, run without its interventions")),
		z
			.strictObject(rowFields)
			.check(z.describe("Other rows, run without interventions: one, or as many as there are")),
		z.strictObject({ file: text.check(z.describe("A safetensors file of tensors by hook name")) }),
	],
	{ error: 'allowed "unchanged", prompts or ids, or file' },
);

/** An experiment as it is written down; interventions and metrics are checked by their own schemas. */
export const experimentSchema = z.strictObject({
	$schema: setting(z.string(), "For editors"),
	title: z.optional(z.string()),
	model: setting(text, '"demo", a folder, a .gguf file or a hub id'),
	run: setting(text, "A run of in-context regression: M=64, a name, a folder, a checkpoint"),
	...rowFields,
	mask: setting(
		z.readonly(z.array(z.readonly(z.array(fromZero.check(z.maximum(1)))))),
		"1 for tokens of ids that count, 0 for padding",
	),
	period: setting(fromOne, "Where ids are one segment said again and again: its length"),
	text: setting(text, "A text file that is cut into rows of 2n tokens"),
	samples: setting(samples, "Rows that are made, equal for equal seeds"),
	donors: setting(z.record(text, donor), "Whose values interventions take, by name"),
	dictionaries: setting(
		z.record(text, text),
		"Folders of sparse autoencoders in SAELens' layout, by the name that interventions take them by",
	),
	interventions: z.optional(z.readonly(z.array(z.unknown()))),
	metrics: list(z.unknown()),
	bootstrap: setting(
		z.strictObject({
			seed: setting(fromZero, "Default 0"),
			resamples: setting(upToMillion, "Default 2000"),
		}),
		"How intervals are made",
	),
});
