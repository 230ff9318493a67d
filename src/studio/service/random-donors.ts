import type { Model } from "headscope";
import * as z from "zod/mini";
import { randomRows } from "../random-rows.js";
import { donorSource } from "./changes.js";
import type { GivenRows } from "./rows.js";

/** Where interventions take values from, where rows are drawn: random rows are made as long as those. */
export const drawnDonorFields = z.optional(
	z.record(
		z.string(),
		z.union([
			donorSource,
			z.strictObject({
				/** So many rows of random ids. */
				random: z.int().check(z.minimum(1), z.maximum(64)),
				seed: z.int().check(z.nonnegative()),
			}),
		]),
	),
);

/** The sources of donors for rows of ids, random rows made for their length. */
export function sourcesFor(
	given: z.output<typeof drawnDonorFields>,
	{ config, tokenizer }: Model,
	rows: readonly (readonly number[])[],
): Readonly<Record<string, GivenRows | "unchanged">> {
	const first = rows[0]?.[0];
	const front = first !== undefined && first === tokenizer?.bosId ? first : undefined;
	const facts = { length: Math.max(...rows.map((row) => row.length)), vocab: config.vocab, front };
	return Object.fromEntries(
		Object.entries(given ?? {}).map(([name, source]) => [
			name,
			typeof source === "object" && "random" in source
				? { ids: randomRows(facts, source.random, source.seed) }
				: source,
		]),
	);
}
