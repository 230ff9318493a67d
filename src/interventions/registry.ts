import type * as z from "zod/mini";
import { findKind, parseKind, shown } from "../shared/data-kinds.js";
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

/**
 * Checks data of unknown origin, such as a JSON file.
 * @param where what errors call the list. Default "interventions"
 * @throws {InterventionError} for what is no intervention; it gives the path, what was found and what is allowed
 */
export function parseInterventions(list: unknown, where = "interventions"): Intervention[] {
	if (!Array.isArray(list)) reject(where, `expected a list of interventions, got ${shown(list)}`);
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
		reject(where, `expected an intervention such as {"kind":"zero","heads":["0.1"]}, got ${shown(data)}`);
	const parsed = parseKind(kindOf((data as { kind?: unknown }).kind, where), data);
	if ("fault" in parsed) reject(`${where}${parsed.fault.path}`, parsed.fault.what);
	return parsed.data as Intervention;
}

function kindOf(kind: unknown, where: string): InterventionKind {
	return findKind(INTERVENTIONS, kind, (got, allowed) =>
		reject(`${where}.kind`, `got ${got}, allowed ${allowed}`),
	);
}
