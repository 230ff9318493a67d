/** What bad interventions get: one line with the place, what was found and what is allowed. */
import { describe, expect, test } from "vitest";
import { compileInterventions } from "../../src/interventions/compile.js";
import { InterventionError, namedPattern, parseInterventions } from "../../src/interventions/index.js";
import { cutPattern } from "../../src/interventions/pattern-matrix.js";
import type { Family } from "../../src/models/family.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { listPoints } from "../../src/models/request.js";
import { Tensor } from "../../src/tensor/index.js";

const config = gpt2.parseConfig({ n_embd: 16, n_layer: 2, n_head: 4, n_positions: 16, vocab_size: 10 });
const sizes = { nLayers: 2, nHeads: 4, nKvHeads: 4, points: listPoints(gpt2 as unknown as Family, config) };
const z = "blocks.1.attn.hook_z";
const donors = {
	clean: { [z]: Tensor.zeros([2, 2, 4, 4]), vector: Tensor.zeros([3]) },
	short: { [z]: Tensor.zeros([1, 1, 4, 4]) },
	many: { [z]: Tensor.zeros([3, 2, 4, 4]) },
	wide: { [z]: Tensor.zeros([2, 2, 4, 8]) },
};
const run = { batch: 2, pos: 2, tokens: undefined, mask: undefined, donors };
const compile = (data: object): unknown => {
	const batch = "kind" in data && data.kind === "resample" ? 1 : 2;
	return compileInterventions([data as never], sizes).feeds({ ...run, batch });
};
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
		'interventions[0].kind: got "zeros", allowed zero, mean, resample, patch, freeze, ',
	],
	[
		"unknown key",
		[{ kind: "zero", head: ["0.1"], heads: ["0.1"] }],
		'interventions[0]: unknown "head"; allowed kind, at, kvHeads, heads, layers',
	],
	[
		"strength",
		[{ kind: "zero", heads: ["0.1"], strength: 1.5 }],
		"interventions[0].strength: got 1.5, allowed 0 to 1",
	],
	["NaN", [{ kind: "zero", heads: ["0.1"], strength: Number.NaN }], "interventions[0].strength"],
	[
		"infinite factor",
		[{ kind: "scale", heads: "all", factor: Number.POSITIVE_INFINITY }],
		"interventions[0].factor",
	],
	["infinite vector", [{ kind: "add", layers: [0], vector: [Number.NaN] }], "interventions[0].vector[0]"],
	["score", [{ kind: "edit-scores", layers: [0], pairs: [[0, 0]] }], "interventions[0].pairs[0]"],
	["seed", [{ kind: "resample", heads: "all", seed: -1 }], "interventions[0].seed: got -1"],
	[
		"at of a pattern",
		[{ kind: "knock-out", at: "z", keys: [0], heads: "all" }],
		'interventions[0]: unknown "at"; allowed kind, heads',
	],
	["no heads", [{ kind: "zero", heads: [] }], "interventions[0].heads: got []"],
	[
		"pattern",
		[replace("previous")],
		'interventions[0].pattern: got "previous", allowed previous-token, self-pair',
	],
])("%s", (_, list, message) => {
	test("is refused", () => {
		expect(() => parseInterventions(list)).toThrow(InterventionError);
		expect(() => parseInterventions(list)).toThrow(message);
	});
});

test.each<[string, object, string]>([
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
	["too small", replace([[1]]), "interventions[0].pattern: 1 row, but this run has 2 positions"],
	["not square", replace([[1], [1, 0]]), "interventions[0].pattern[0]: 1 entry in a pattern of 2 rows"],
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
	[
		"no selection",
		{ kind: "zero" },
		'interventions[0]: says not which "z" is meant; give "heads" or "layers"',
	],
	[
		"no layers",
		{ kind: "zero", at: "mlp_out" },
		'interventions[0]: says not which "mlp_out" is meant; give "layers", a list or "all"',
	],
	["both", { kind: "zero", heads: "all", layers: [0] }, '"layers" means whole layers; give it or "heads"'],
	["absent layer", { kind: "zero", layers: [2] }, "interventions[0].layers[0]: no layer 2; nearest: 1"],
	[
		"absent point",
		{ kind: "zero", at: "resid_pro", layers: [0] },
		'interventions[0].at: no hook point "resid_pro"; nearest: resid_pre',
	],
	[
		"absent full name",
		{ kind: "zero", at: "blocks.5.hook_resid_pre" },
		'no hook point "blocks.5.hook_resid_pre"; nearest: blocks.0.hook_resid_pre',
	],
	[
		"no heads there",
		{ kind: "zero", at: "resid_pre", heads: ["0.1"] },
		'interventions[0].heads: "resid_pre" has no heads; choose "layers"',
	],
	[
		"layers of one point",
		{ kind: "zero", at: "embed", layers: [0] },
		'"embed" is one point; leave "layers" out',
	],
	[
		"head of another layer",
		{ kind: "zero", at: "blocks.0.attn.hook_z", heads: ["1.2"] },
		'interventions[0].heads: head 1.2 is not at "blocks.0.attn.hook_z"',
	],
	[
		"two kinds of heads",
		{ kind: "zero", heads: "all", kvHeads: "all" },
		'"heads" are query heads and "kvHeads"',
	],
	["module", { kind: "zero", at: "blocks.0.attn.softmax" }, "no hook point"],
	[
		"mean of a pattern",
		{ kind: "mean", at: "pattern", heads: "all", over: "batch-and-pos" },
		"interventions[0].over:",
	],
	[
		"no donor",
		{ kind: "patch", heads: "all", from: "cleam" },
		'interventions[0].from: the run was given no donor "cleam"; nearest: clean, short',
	],
	[
		"donor without the point",
		{ kind: "patch", at: "mlp_out", layers: [1], from: "clean" },
		'donor "clean" has no "blocks.1.hook_mlp_out"; it has blocks.1.attn.hook_z, vector',
	],
	[
		"donor of another length",
		{ kind: "patch", layers: [1], from: "short" },
		'donor "short" has at "blocks.1.attn.hook_z" batch 1, pos 1, head 4, d_head 4; this run has batch 2, pos 2, head 4, d_head 4; other lengths need "positions" and "fromPositions"',
	],
	[
		"donor of another batch",
		{ kind: "patch", layers: [1], from: "many" },
		'donor "many" has at "blocks.1.attn.hook_z" batch 3, pos 2, head 4, d_head 4; this run has batch 2, pos 2, head 4, d_head 4',
	],
	[
		"donor of another model",
		{ kind: "freeze", at: "z", layers: [1], from: "wide" },
		'donor "wide" has at "blocks.1.attn.hook_z" batch 2, pos 2, head 4, d_head 8; this run has',
	],
	[
		"mean of a short donor",
		{ kind: "mean", layers: [1], from: "short" },
		'donor "short" has at "blocks.1.attn.hook_z" float32[1, 1, 4, 4]; this run has [any, 2, 4, 4]',
	],
	[
		"unpaired positions",
		{ kind: "patch", layers: [1], from: "clean", positions: [0], fromPositions: [0, 1] },
		'interventions[0].fromPositions: 2 positions for 1 in "positions"; give one for each',
	],
	[
		"no positions",
		{ kind: "patch", layers: [1], from: "clean", fromPositions: [0] },
		'1 positions for unsaid in "positions"',
	],
	[
		"absent donor position",
		{ kind: "patch", layers: [1], from: "short", positions: [0], fromPositions: [1] },
		"interventions[0].fromPositions: got 1, the donor has -1..0",
	],
	["one row", { kind: "resample", heads: "all" }, "a permutation needs two rows or more, this run has 1"],
	[
		"no vector",
		{ kind: "add", layers: [0] },
		'interventions[0]: needs either "vector", or "from" and "name"',
	],
	[
		"vector of no name",
		{ kind: "add", layers: [0], from: "clean" },
		'"from" is the donor and "name" its entry; give both',
	],
	[
		"narrow vector",
		{ kind: "add", layers: [0], vector: [1, 2] },
		'interventions[0].vector: 2 numbers, but "blocks.0.hook_resid_pre" has 16',
	],
	[
		"narrow donor vector",
		{ kind: "add", layers: [0], from: "clean", name: "vector" },
		'interventions[0].from: 3 numbers, but "blocks.0.hook_resid_pre" has 16',
	],
	[
		"no vector but a value",
		{ kind: "add", layers: [0], from: "clean", name: "blocks.1.attn.hook_z" },
		"allowed [16]",
	],
	[
		"vector for a pattern",
		{ kind: "add", at: "pattern", layers: [0], vector: [1] },
		'"edit-scores" adds to scores',
	],
	["no scores", { kind: "edit-scores", layers: [0] }, 'interventions[0]: needs either "pairs" or "matrix"'],
	[
		"score ahead",
		{ kind: "edit-scores", layers: [0], pairs: [[0, 1, 2]] },
		"interventions[0].pairs[0]: query 0 cannot attend to the later key 1",
	],
	[
		"score twice",
		{
			kind: "edit-scores",
			layers: [0],
			pairs: [
				[1, 1, 2],
				[-1, 1, 3],
			],
		},
		"pairs[1]: the score of query 1 and key 1 is given twice",
	],
	[
		"absent score",
		{ kind: "edit-scores", layers: [0], pairs: [[2, 1, 2]] },
		"pairs[0]: got 2, this run has -2..1",
	],
	[
		"small matrix",
		{ kind: "edit-scores", layers: [0], matrix: [[1]] },
		"interventions[0].matrix: 1 row, but this run has 2 positions",
	],
	[
		"matrix ahead",
		{
			kind: "edit-scores",
			layers: [0],
			matrix: [
				[1, 1],
				[0, 0],
			],
		},
		"interventions[0].matrix[0][1]: got 1: query 0 cannot attend to the later key 1",
	],
	[
		"ragged matrix",
		{ kind: "edit-scores", layers: [0], matrix: [[1], [0, 0]] },
		"matrix[0]: 1 entry in a matrix of 2 rows",
	],
	[
		"absent key",
		{ kind: "knock-out", layers: [0], keys: [2] },
		"interventions[0].keys: got 2, this run has -2..1",
	],
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
