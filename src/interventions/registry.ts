import * as z from "zod";
import { nearest } from "../hooks/select.js";
import { add } from "./add.js";
import { editScores } from "./edit-scores.js";
import { reject } from "./errors.js";
import { freeze } from "./freeze.js";
import type { Edit, InterventionKind, Sizes } from "./intervention.js";
import { knockOut } from "./knock-out.js";
import { mean } from "./mean.js";
import { patch } from "./patch.js";
import { replacePattern } from "./replace-pattern.js";
import { resample } from "./resample.js";
import { sae } from "./sae.js";
import { scale } from "./scale.js";
import { zero } from "./zero.js";

const KINDS = [
	zero,
	mean,
	resample,
	patch,
	freeze,
	add,
	scale,
	replacePattern,
	editScores,
	knockOut,
	sae,
] as const;

/** Every kind of intervention. The conformance suite loops over this list. */
export const INTERVENTIONS: readonly InterventionKind[] = KINDS as unknown as readonly InterventionKind[];

/** An intervention as plain data. */
export type Intervention = z.input<(typeof KINDS)[number]["schema"]>;

/** The JSON Schema (draft 2020-12) of a list of interventions, for editors. */
export function interventionsSchema(): Record<string, unknown> {
	const schemas = KINDS.map((kind) => kind.schema.meta({ description: kind.doc }));
	const list = z.array(z.discriminatedUnion("kind", schemas as unknown as [z.ZodObject, ...z.ZodObject[]]));
	return z.toJSONSchema(list, {
		io: "input",
		// there it would mean that an editor must not write it
		override: ({ jsonSchema }) => void delete jsonSchema.readOnly,
	});
}

/**
 * Checks data of unknown origin, such as a JSON file.
 * @param where what errors call the list. Default "interventions"
 * @throws {InterventionError} for what is no intervention; it gives the path, what was found and what is allowed
 */
export function parseInterventions(list: unknown, where = "interventions"): Intervention[] {
	if (!Array.isArray(list)) reject(where, `expected a list of interventions, got ${show(list)}`);
	return list.map((data, i) => parse(data, `${where}[${i}]`));
}

/** The changes that interventions mean in a model, in their order. @throws {InterventionError} */
export function editsOf(list: readonly Intervention[], sizes: Sizes, where = "interventions"): Edit[] {
	return parseInterventions(list, where).flatMap((data, i) =>
		kindOf(data.kind, `${where}[${i}]`).edits(data, sizes, `${where}[${i}]`),
	);
}

function parse(data: unknown, where: string): Intervention {
	if (typeof data !== "object" || data === null || Array.isArray(data))
		reject(where, `expected an intervention such as {"kind":"zero","heads":["0.1"]}, got ${show(data)}`);
	const { schema } = kindOf((data as { kind?: unknown }).kind, where);
	const result = schema.safeParse(data);
	if (result.success) return result.data as Intervention;
	const issue = result.error.issues[0] as z.core.$ZodIssue;
	if (issue.code === "unrecognized_keys") {
		const known = Object.keys((schema as z.ZodObject).shape);
		reject(where, `unknown "${issue.keys[0]}"; allowed ${known.join(", ")}`);
	}
	const path = issue.path
		.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
		.join("");
	const got = issue.path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown>)?.[part], data);
	reject(`${where}${path}`, `got ${show(got)}: ${issue.message}`);
}

function kindOf(kind: unknown, where: string): InterventionKind {
	const found = INTERVENTIONS.find((known) => known.kind === kind);
	if (found) return found;
	const kinds = INTERVENTIONS.map((known) => known.kind);
	const near = typeof kind === "string" ? `; nearest: ${nearest(kind, kinds, 1)[0]}` : "";
	reject(`${where}.kind`, `got ${show(kind)}, allowed ${kinds.join(", ")}${near}`);
}

function show(value: unknown): string {
	const text = JSON.stringify(value) ?? String(value);
	return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
