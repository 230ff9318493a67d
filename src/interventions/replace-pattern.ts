import * as z from "zod/mini";
import { list, setting } from "../shared/schemas.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { defineKind, patternFields, type RunFacts } from "./intervention.js";
import { drawPattern, NAMED_PATTERNS, type PatternName, TOKEN_PATTERNS } from "./named-patterns.js";
import { cutPattern, type PatternRows } from "./pattern-matrix.js";
import { pointEdits } from "./point-edits.js";

const names = Object.keys(NAMED_PATTERNS) as PatternName[];

function lowerTriangle(size: number): number[][] {
	return Array.from({ length: size }, (_, query) =>
		Array.from({ length: size }, (_, key) => (key <= query ? 1 : 0)),
	);
}

/** A pattern by name or by hand instead of a head's own, after the softmax. */
export const replacePattern = defineKind({
	kind: "replace-pattern",
	doc: `a head's attention pattern becomes another: ${names.join(", ")}, or a matrix [query][key]`,
	schema: z.strictObject({
		kind: z.literal("replace-pattern"),
		...patternFields,
		pattern: z
			.union([z.enum(names), list(z.readonly(z.array(z.number())))], {
				error: `allowed ${names.join(", ")}, or rows of numbers [query][key]`,
			})
			.check(z.describe("A name, or rows [query][key] that are cut to the run's length")),
		normalize: setting(
			z.boolean(),
			"Of a matrix: true scales rows to sum to 1, false takes any. Default: they must sum to 1",
		),
	}),
	examples: [
		{ kind: "replace-pattern", heads: ["0.1"], pattern: "uniform" },
		{
			kind: "replace-pattern",
			heads: ["0.0"],
			pattern: lowerTriangle(8),
			normalize: true,
			positions: [2, 3],
		},
		...names.map((pattern) => ({ kind: "replace-pattern" as const, heads: ["1.1"], pattern })),
	],
	edits: (data, sizes, where) => {
		const { pattern, normalize } = data;
		if (typeof pattern === "string" && normalize !== undefined)
			reject(`${where}.normalize`, "goes with a matrix; named patterns sum to 1");
		return pointEdits(data, "pattern", sizes, where, () => ({
			structure: "replace-pattern",
			changed: (value, _, site) => site.feed("pattern", [value.dim(0), 1, value.dim(2), value.dim(3)]),
			feeds: (run) => ({ pattern: patternsOf(pattern, run, normalize, `${where}.pattern`) }),
		}));
	},
});

/** The pattern of every row, [batch, 1, pos, pos]. Padding attends to nothing and is not attended to. */
function patternsOf(
	pattern: PatternName | PatternRows,
	run: RunFacts,
	normalize: boolean | undefined,
	where: string,
): Tensor {
	const { batch, pos, mask, tokens } = run;
	const all = Tensor.zeros([batch, 1, pos, pos]);
	const drawn = typeof pattern === "string" ? undefined : cutPattern(pattern, pos, normalize, where);
	const equalRows = !mask && (drawn || !TOKEN_PATTERNS.has(pattern as PatternName));
	for (let b = 0; b < (equalRows ? Math.min(1, batch) : batch); b++) {
		const counting = mask ? placesOf(mask, b, pos) : undefined;
		const at = (i: number): number => counting?.[i] ?? i;
		const length = counting?.length ?? pos;
		const put = (query: number, key: number, share: number): void => {
			all.data[(b * pos + at(query)) * pos + at(key)] = share;
		};
		if (drawn) {
			for (let query = 0; query < length; query++)
				for (let key = 0; key <= query; key++) put(query, key, drawn.data[query * pos + key] as number);
		} else {
			const same = (i: number, j: number): boolean =>
				sameToken(tokens, b * pos + at(i), b * pos + at(j), where);
			drawPattern(pattern as PatternName, { length, same }, put);
		}
	}
	if (equalRows) for (let b = 1; b < batch; b++) all.data.copyWithin(b * pos * pos, 0, pos * pos);
	return all;
}

/** Positions of a row that hold tokens. */
function placesOf(mask: Tensor<"bool">, row: number, pos: number): number[] {
	return Array.from({ length: pos }, (_, p) => p).filter((p) => mask.data[row * pos + p]);
}

/** Whether two tokens are equal: ids, or vectors in every entry. */
function sameToken(tokens: Tensor | undefined, a: number, b: number, where: string): boolean {
	if (!tokens)
		reject(
			where,
			"induction looks at the tokens, which a run from a layer on, or after a past without them, has not",
		);
	const width = tokens.shape[2] ?? 1;
	for (let i = 0; i < width; i++) if (tokens.data[a * width + i] !== tokens.data[b * width + i]) return false;
	return true;
}
