import * as z from "zod";
import { interventionsSchema } from "../interventions/index.js";
import { metricSchema } from "../metrics/index.js";

const idRows = z
	.array(z.array(z.int().min(0)).min(1).readonly())
	.min(1)
	.readonly();

/** Rows that are written down. */
const rowFields = {
	prompts: z
		.union([z.string(), z.array(z.string()).min(1).readonly()])
		.optional()
		.describe("Texts, a row each"),
	ids: idRows.optional().describe("Rows of token ids; a BOS must already be in them"),
	bos: z
		.boolean()
		.optional()
		.describe("Put a BOS in front of texts and random rows. Default: where the model's tokenizer does"),
};

const samples = z
	.strictObject({
		task: z
			.enum(["repeat", "induction", "repeat-4", "abxa", "random"])
			.optional()
			.describe("Kind of random rows, of language models. Default: the metric's own"),
		count: z
			.int()
			.min(1)
			.max(1_000_000)
			.optional()
			.describe("Rows. Default 50, of a run's own sequences all"),
		n: z.int().min(1).optional().describe("Tokens of a segment, or examples before the one that comes again"),
		seed: z
			.int()
			.min(0)
			.max(2 ** 32 - 1)
			.optional()
			.describe("Default 0"),
		range: z
			.tuple([z.int().min(0), z.int().min(1)])
			.readonly()
			.optional()
			.describe("Ids that random tokens are drawn from, [low, high)"),
	})
	.describe("Rows that are made, equal for equal seeds");

const donor = z.union(
	[
		z.literal("unchanged").describe("The experiment's own rows, run without its interventions"),
		z.strictObject(rowFields).describe("Other rows, run without interventions: one, or as many as there are"),
		z.strictObject({ file: z.string().min(1).describe("A safetensors file of tensors by hook name") }),
	],
	{ error: 'allowed "unchanged", prompts or ids, or file' },
);

/** An experiment as it is written down; interventions and metrics are checked by their own schemas. */
export const experimentSchema = z.strictObject({
	$schema: z.string().optional().describe("For editors"),
	title: z.string().optional(),
	model: z.string().min(1).optional().describe('"demo", a folder, a .gguf file or a hub id'),
	run: z
		.string()
		.min(1)
		.optional()
		.describe("A run of in-context regression: M=64, a name, a folder, a checkpoint"),
	...rowFields,
	mask: z
		.array(z.array(z.int().min(0).max(1)).readonly())
		.readonly()
		.optional()
		.describe("1 for tokens of ids that count, 0 for padding"),
	period: z.int().min(1).optional().describe("Where ids are one segment said again and again: its length"),
	text: z.string().min(1).optional().describe("A text file that is cut into rows of 2n tokens"),
	samples: samples.optional(),
	donors: z.record(z.string().min(1), donor).optional().describe("Whose values interventions take, by name"),
	dictionaries: z
		.record(z.string().min(1), z.string().min(1))
		.optional()
		.describe(
			"Folders of sparse autoencoders in SAELens' layout, by the name that interventions take them by",
		),
	interventions: z.array(z.unknown()).readonly().optional(),
	metrics: z.array(z.unknown()).min(1).readonly(),
	bootstrap: z
		.strictObject({
			seed: z.int().min(0).optional().describe("Default 0"),
			resamples: z.int().min(1).max(1_000_000).optional().describe("Default 2000"),
		})
		.optional()
		.describe("How intervals are made"),
});

/** The JSON Schema (draft 2020-12) of experiment files, for editors. */
export function experimentJsonSchema(): Record<string, unknown> {
	const schema = z.toJSONSchema(experimentSchema, {
		io: "input",
		// there it would mean that an editor must not write it
		override: ({ jsonSchema }) => void delete jsonSchema.readOnly,
	}) as { properties: Record<string, object> };
	const metrics = { type: "array", minItems: 1, items: inner(metricSchema()) };
	return {
		...schema,
		title: "headscope experiment",
		properties: { ...schema.properties, interventions: inner(interventionsSchema()), metrics },
	};
}

/** A schema without what only a document's own top says. */
function inner({ $schema: _, ...schema }: Record<string, unknown>): Record<string, unknown> {
	return schema;
}
