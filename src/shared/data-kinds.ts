/** Plain data that a field `kind` tells apart, each kind a record in a registry: interventions, metrics. */
import type * as z from "zod/mini";
import { nearest } from "../hooks/select.js";
import { check } from "./schemas.js";

/** What a registry's records have in common. */
export interface DataKind {
	readonly kind: string;
	/** One line: what it is. */
	readonly doc: string;
	readonly schema: z.ZodMiniType;
}

/** What is wrong with data, as an error says it. */
export interface Fault {
	/** Where in the data, such as ".positions[0]"; empty for the whole. */
	readonly path: string;
	readonly what: string;
	/** Where something is missing: its name and what is expected, as in "answers: ...". */
	readonly missing?: string;
}

/**
 * The record of a kind.
 * @param refuse is told the kind, the kinds there are and the nearest one, for a kind that is none
 */
export function findKind<K extends DataKind>(
	kinds: readonly K[],
	kind: unknown,
	refuse: (got: string, allowed: string) => never,
): K {
	const found = kinds.find((known) => known.kind === kind);
	if (found) return found;
	const names = kinds.map((known) => known.kind);
	const near = typeof kind === "string" ? `; nearest: ${nearest(kind, names, 1)[0]}` : "";
	refuse(shown(kind), `${names.join(", ")}${near}`);
}

/** Data as their kind's schema reads them, or what it finds wrong with them first. */
export function parseKind(
	{ schema }: DataKind,
	data: unknown,
): { readonly data: unknown } | { readonly fault: Fault } {
	const result = check(schema, data);
	if (result.success) return { data: result.data };
	const issue = result.error.issues[0] as z.core.$ZodIssue;
	if (issue.code === "unrecognized_keys") {
		const known = Object.keys((schema as z.ZodMiniObject).shape);
		return { fault: { path: "", what: `unknown ${shown(issue.keys[0])}; allowed ${known.join(", ")}` } };
	}
	const path = issue.path
		.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
		.join("");
	const got = valueAt(data, issue.path);
	const gap = issue.message.startsWith("allowed") ? ", " : ": ";
	return {
		fault: {
			path,
			what: `got ${shown(got)}${gap}${issue.message}`,
			...(got === undefined && { missing: `${issue.path.join(".")}: ${issue.message}` }),
		},
	};
}

/** What stands at a place in data; undefined where there is nothing. */
export function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>(
		(at, part) => (at as Record<PropertyKey, unknown> | null | undefined)?.[part],
		data,
	);
}

/** A value as errors show it: JSON, cut to 60 characters. */
export function shown(value: unknown): string {
	const text = JSON.stringify(value) ?? String(value);
	return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
