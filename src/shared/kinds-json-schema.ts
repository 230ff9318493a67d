import * as z from "zod/mini";
import type { DataKind } from "./data-kinds.js";

/**
 * The JSON Schema (draft 2020-12) of data of any of the kinds, for editors.
 * @param around makes of the schema of one what is described: a list, or one among other spellings
 */
export function kindsJsonSchema(
	kinds: readonly DataKind[],
	around: (one: z.ZodMiniType) => z.ZodMiniType,
): Record<string, unknown> {
	const schemas = kinds.map(({ schema, doc }) => schema.check(z.describe(doc)));
	const one = z.discriminatedUnion("kind", schemas as unknown as [z.ZodMiniObject, ...z.ZodMiniObject[]]);
	return jsonSchema(around(one));
}

/** The JSON Schema of what a schema takes. */
export function jsonSchema(schema: z.ZodMiniType): Record<string, unknown> {
	return z.toJSONSchema(schema, {
		io: "input",
		// there it would mean that an editor must not write it
		override: ({ jsonSchema }) => void delete jsonSchema.readOnly,
	});
}
