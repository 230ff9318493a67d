import * as z from "zod/mini";
import { nearest } from "../hooks/select.js";
import { check } from "../shared/schemas.js";
import { RunConfig } from "./run-config.js";

/** What a setting may be: schemas, of which one must fit (a schedule's settings depend on its type). */
export type Field = readonly z.ZodMiniType[];

/**
 * The field at a path of the run's configuration.
 * @returns the field, or a line that says which key there is not and which there are
 */
export function fieldAt(path: readonly string[]): Field | string {
	let field: Field = [RunConfig];
	for (const [i, key] of path.entries()) {
		const keys = new Map<string, z.ZodMiniType[]>();
		for (const [name, schema] of field.flatMap(entriesOf))
			keys.set(name, [...(keys.get(name) ?? []), schema]);
		const inner = keys.get(key);
		if (!inner) {
			const parent = i === 0 ? "a run" : path.slice(0, i).join(".");
			if (keys.size === 0) return `${parent} has no settings within it, got "${key}"`;
			const [first] = nearest(key, [...keys.keys()], 1);
			return `unknown key "${key}" of ${parent}, nearest is "${first}"; allowed are ${[...keys.keys()].join(", ")}`;
		}
		field = inner;
	}
	return field;
}

/** What is wrong with a value for a field, or undefined. A dictionary may leave settings to the defaults. */
export function faultIn(field: Field, value: unknown): string | undefined {
	const faults: string[] = [];
	for (const schema of field) {
		const inner = unwrap(schema);
		const result = check(inner instanceof z.ZodMiniObject ? partial(inner) : schema, value);
		if (result.success) return undefined;
		faults.push(...result.error.issues.map((issue) => [...issue.path, issue.message].join(": ")));
	}
	return [...new Set(faults)].join("; ");
}

/** A dictionary of which settings may be left out. What must hold between settings is checked where all of them are there. */
function partial(schema: z.ZodMiniObject): z.ZodMiniType {
	return z.partial(new z.ZodMiniObject({ ...schema.def, checks: [] }));
}

function entriesOf(schema: z.ZodMiniType): [string, z.ZodMiniType][] {
	const inner = unwrap(schema);
	if (inner instanceof z.ZodMiniObject) return Object.entries(inner.shape as Record<string, z.ZodMiniType>);
	// unions that a key tells apart are of another class
	if (inner.type === "union")
		return (inner as z.ZodMiniUnion).def.options.flatMap((option) => entriesOf(option as z.ZodMiniType));
	return [];
}

function unwrap(schema: z.ZodMiniType): z.ZodMiniType {
	if (schema instanceof z.ZodMiniOptional || schema instanceof z.ZodMiniNullable)
		return unwrap(schema.def.innerType as z.ZodMiniType);
	return schema;
}
