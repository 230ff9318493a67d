/** Data of unknown origin: how schemas are asked, and what several of them are made of. */
import { en } from "zod/locales";
import * as z from "zod/mini";

const { localeError: error } = en();

/**
 * Data as a schema reads them, or what is wrong with them. The words are English ones, whatever language a program has
 * chosen for schemas of its own.
 */
export function check<S extends z.ZodMiniType>(
	schema: S,
	data: unknown,
): z.util.SafeParseResult<z.output<S>> {
	return z.safeParse(schema, data, { error });
}

/** A text with a letter in it. */
export const text = z.string().check(z.minLength(1));

/** A list with an entry in it. */
export function list<T extends z.core.SomeType>(of: T): z.ZodMiniReadonly<z.ZodMiniArray<T>> {
	return z.readonly(z.array(of).check(z.minLength(1)));
}

/** A setting that may be absent. @param doc what the JSON Schema says of it */
export function setting<T extends z.core.SomeType>(of: T, doc: string): z.ZodMiniOptional<T> {
	return z.optional(of).check(z.describe(doc));
}
