/** What bad interventions get: one line with the place, what was found and what is allowed. */
import { describe, expect, test } from "vitest";
import { compileInterventions } from "../../src/interventions/compile.js";
import { InterventionError, namedPattern, parseInterventions } from "../../src/interventions/index.js";
import { cutPattern } from "../../src/interventions/pattern-matrix.js";
import type { Family } from "../../src/models/family.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { listPoints } from "../../src/models/request.js";

const config = gpt2.parseConfig({ n_embd: 16, n_layer: 2, n_head: 4, n_positions: 16, vocab_size: 10 });
const sizes = { nLayers: 2, nHeads: 4, nKvHeads: 4, points: listPoints(gpt2 as unknown as Family, config) };
const run = { batch: 2, pos: 2, tokens: undefined, mask: undefined };
const compile = (data: unknown) => compileInterventions([data as never], sizes).feeds(run);
const replace = (pattern: unknown, more: object = {}) => ({
	kind: "replace-pattern",
	heads: ["0.1"],
	pattern,
	...more,
});

describe.each<[string, unknown, string]>([
	["no list", { kind: "zero" }, "expected a list of interventions"],
	["no object", ["zero"], "interventions[0]: expected an intervention such as"],
	[
		"unknown kind",
		[{ kind: "zeros", heads: ["0.1"] }],
		'interventions[0].kind: got "zeros", allowed zero, mean, resample, patch, freeze, add, scale, replace-pattern, edit-scores, knock-out; nearest: zero',
	],
	[
		"unknown key",
		[{ kind: "zero", head: ["0.1"], heads: ["0.1"] }],
		'interventions[0]: unknown "head"; allowed kind, at, kvHeads, heads, layers',
	],
	["strength", [{ kind: "zero", heads: ["0.1"], strength: 1.5 }], "interventions[0].strength: got 1.5"],
	["NaN", [{ kind: "zero", heads: ["0.1"], strength: Number.NaN }], "interventions[0].strength"],
	["no heads", [{ kind: "zero", heads: [] }], "interventions[0].heads: got []"],
	[
		"pattern",
		[replace("previous")],
		'interventions[0].pattern: got "previous": allowed previous-token, self-pair',
	],
])("%s", (_, list, message) => {
	test("is refused", () => {
		expect(() => parseInterventions(list)).toThrow(InterventionError);
		expect(() => parseInterventions(list)).toThrow(message);
	});
});

test.each<[string, unknown, string]>([
	[
		"no head",
		{ kind: "zero", heads: ["0.1", "one"] },
		'interventions[0].heads[1]: got "one", allowed layer.head',
	],
	["absent head", { kind: "zero", heads: ["1.7"] }, 'no head "1.7"; nearest: 1.3; the model has 0.0 to 1.3'],
	[
		"absent row",
		{ kind: "zero", heads: ["1.1"], rows: [2] },
		"interventions[0].rows: got 2, this run has rows 0..1",
	],
	[
		"absent position",
		{ kind: "zero", heads: ["1.1"], positions: [-3] },
		"positions: got -3, this run has -2..1",
	],
	["too small", replace([[1]]), "interventions[0].pattern: 1 rows, but this run has 2 positions"],
	["not square", replace([[1], [1, 0]]), "interventions[0].pattern[0]: 1 entries in a pattern of 2 rows"],
	[
		"not causal",
		replace([
			[0.5, 0.5],
			[0, 1],
		]),
		"interventions[0].pattern[0][1]: got 0.5: query 0 cannot attend to the later key 1",
	],
	[
		"sum",
		replace([
			[1, 0],
			[0.5, 0.4],
		]),
		"interventions[0].pattern[1]: the row sums to 0.9, not 1",
	],
	[
		"negative",
		replace([
			[1, 0],
			[2, -1],
		]),
		"interventions[0].pattern[1][1]: got -1",
	],
	[
		"zero row",
		replace(
			[
				[1, 0],
				[0, 0],
			],
			{ normalize: true },
		),
		"pattern[1]: a row of zeros cannot be normalized",
	],
	["normalize", replace("uniform", { normalize: true }), "interventions[0].normalize: goes with a matrix"],
])("%s is refused where it meets the model or the run", (_, data, message) => {
	expect(() => compile(data)).toThrow(InterventionError);
	expect(() => compile(data)).toThrow(message);
});

test("rows that do not sum to 1 are scaled or taken as they are where that is said", () => {
	const rows = [
		[2, 0],
		[1, 3],
	];
	expect(cutPattern(rows, 2, true, "x").toNested()).toEqual([
		[1, 0],
		[0.25, 0.75],
	]);
	expect(cutPattern(rows, 2, false, "x").toNested()).toEqual(rows);
	expect(cutPattern([...rows.map((r) => [...r, 0]), [0, 0, 1]], 2, false, "x").toNested()).toEqual(rows);
});

test("every named pattern is causal and sums to 1 at any length", () => {
	for (const name of ["previous-token", "self-pair", "uniform", "first-token", "identity"] as const) {
		for (const length of [1, 2, 7]) {
			const rows = namedPattern(name, length).toNested() as number[][];
			expect(() => cutPattern(rows, length, undefined, name)).not.toThrow();
		}
	}
	expect(() => namedPattern("induction" as "uniform", 3)).toThrow("induction: depends on a run's tokens");
});
