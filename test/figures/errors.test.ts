import { expect, test } from "vitest";
import {
	attentionPattern,
	headGrid,
	inductionPage,
	ranking,
	scoreGrid,
	scoreOverSteps,
	tokenGrid,
} from "../../src/figures/index.js";
import { Tensor } from "../../src/tensor/index.js";

const pattern = Tensor.full([2, 3], 0.5);
const tokens = { query: ["a", "b"], key: ["a", "b", "c"] };
const page = {
	title: "Page",
	score: "induction",
	ranking: [{ head: "0.1", score: 1 }],
	values: Tensor.full([1, 2], 0.5),
	patterns: Tensor.full([1, 2, 3, 3], 0.25),
	tokens: ["a", "b", "c"],
};

const grid = { title: "Grid", measure: "p", rows: { title: "row" }, columns: { title: "column" } };

// each message names the option, what it got and what is allowed
test.each<[string, () => string, string]>([
	[
		"rank",
		() => attentionPattern({ pattern: Tensor.full([1, 2, 3], 0), tokens }),
		"attentionPattern: pattern: shape [1, 2, 3], allowed [query, key] with every extent at least 1",
	],
	[
		"no tokens",
		() => attentionPattern({ pattern: Tensor.zeros([0, 3]), tokens }),
		"attentionPattern: pattern: shape [0, 3], allowed [query, key] with every extent at least 1",
	],
	[
		"token count",
		() => attentionPattern({ pattern, tokens: ["a", "b"] }),
		"attentionPattern: tokens: 2 key tokens for a pattern [query, key] = [2, 3], allowed 3",
	],
	[
		"NaN",
		() =>
			attentionPattern({
				pattern: Tensor.from([
					[0, Number.NaN, 1],
					[0, 0, 0],
				]),
				tokens,
			}),
		"attentionPattern: pattern[0, 1] is NaN, allowed 0 to 1",
	],
	[
		"masked scores",
		() =>
			attentionPattern({
				pattern: Tensor.from([
					[0, 1, 0],
					[0, 0, -Infinity],
				]),
				tokens,
			}),
		"attentionPattern: pattern[1, 2] is -Infinity, allowed 0 to 1",
	],
	[
		"steps that do not rise",
		() => scoreOverSteps({ steps: [0, 5, 5], panels: [{ measure: "lift", lines: [] }] }),
		"scoreOverSteps: steps[2] is 5, allowed whole numbers from 0 in rising order",
	],
	[
		"a panel without lines",
		() => scoreOverSteps({ steps: [0], panels: [{ measure: "lift", lines: [] }] }),
		"scoreOverSteps: lift: no lines, allowed 1 or more",
	],
	[
		"a line of another length",
		() =>
			scoreOverSteps({ steps: [0, 1], panels: [{ measure: "lift", lines: [{ name: "0.1", values: [1] }] }] }),
		"scoreOverSteps: lift: line 0.1 has 1 values for 2 steps",
	],
	[
		"a value that is none",
		() =>
			scoreOverSteps({
				steps: [0],
				panels: [{ measure: "lift", lines: [{ name: "0.1", values: [Number.NaN] }] }],
			}),
		"scoreOverSteps: lift: line 0.1: NaN at 0, allowed finite numbers",
	],
	[
		"labels for other steps",
		() =>
			scoreOverSteps({
				steps: [0, 1],
				axis: { title: "heads", labels: ["none"] },
				panels: [{ measure: "lift", lines: [{ name: "0.1", values: [1, 2] }] }],
			}),
		"scoreOverSteps: axis: 1 labels for 2 steps",
	],
	[
		"a name of no line",
		() =>
			scoreOverSteps({
				steps: [0],
				panels: [{ measure: "lift", lines: [{ name: "0.1", values: [1] }], named: ["1.1"] }],
			}),
		"scoreOverSteps: lift: named: no line 1.1, allowed 0.1",
	],
	[
		"beyond 1",
		() => headGrid({ patterns: Tensor.full([1, 1, 1, 1], 2) }),
		"headGrid: pattern[0, 0, 0, 0] is 2, allowed 0 to 1",
	],
	[
		"scale",
		() => attentionPattern({ pattern, tokens, scale: "sqrt" as "log" }),
		'attentionPattern: scale: got "sqrt", allowed linear, log, hide-first',
	],
	[
		"floor",
		() => attentionPattern({ pattern, tokens, scale: "log", floor: 0 }),
		"attentionPattern: floor: got 0, allowed numbers above 0 and below 1",
	],
	[
		"nothing left",
		() => attentionPattern({ pattern: Tensor.full([1, 1], 1), tokens: ["a"], scale: "hide-first" }),
		'attentionPattern: scale "hide-first" needs at least 2 keys, got 1',
	],
	[
		"width",
		() => attentionPattern({ pattern, tokens, width: Number.NaN }),
		"attentionPattern: width: got NaN, allowed 240 to 16384",
	],
	[
		"unknown head",
		() => headGrid({ patterns: Tensor.full([1, 2, 1, 1], 1), marked: ["0.2"] }),
		'headGrid: marked: no head "0.2", allowed 0.0 to 0.1',
	],
	[
		"narrow",
		() => headGrid({ patterns: Tensor.full([1, 64, 1, 1], 1), width: 300 }),
		"headGrid: width 300 leaves",
	],
	[
		"score NaN",
		() => scoreGrid({ values: Tensor.from([[0, Number.NaN]]), title: "s" }),
		"scoreGrid: values[0, 1] is NaN, allowed finite numbers",
	],
	[
		"score range",
		() => scoreGrid({ values: Tensor.from([[0, 3]]), title: "s", range: [0, 1] }),
		"scoreGrid: values[0, 1] is 3, allowed 0 to 1, the range",
	],
	[
		"lopsided range",
		() => scoreGrid({ values: Tensor.from([[0]]), title: "s", range: [-1, 2], diverging: true }),
		"scoreGrid: range: got [-1, 2], allowed [-a, a] with a above 0",
	],
	["no entries", () => ranking({ entries: [], score: "s" }), "ranking: no entries, allowed 1 or more"],
	[
		"no lift",
		() => ranking({ entries: [{ head: "0.0", score: 1 }], score: "s", by: "lift" }),
		"ranking: entry 0 (0.0): lift is undefined, allowed finite numbers",
	],
	[
		"half interval",
		() => ranking({ entries: [{ head: "0.0", score: 1, low: 0 }], score: "s" }),
		"ranking: entry 0 (0.0): interval 0 to undefined, allowed both ends",
	],
	[
		"page values",
		() => inductionPage({ ...page, values: Tensor.full([2, 1], 0.5) }),
		"inductionPage: values: shape [2, 1], allowed [layer, head] = [1, 2] as in patterns",
	],
	[
		"page head",
		() => inductionPage({ ...page, ranking: [{ head: "1.0", score: 1 }] }),
		'inductionPage: ranking: no head "1.0", allowed 0.0 to 0.1',
	],
	[
		"token grid's tokens",
		() => tokenGrid({ ...grid, values: Tensor.full([2, 2], 0.5), tokens: [["a", "b"], ["c"]] }),
		"tokenGrid: tokens: 2 rows of 2 and 1 cells for values [2, 2]",
	],
	[
		"token grid's width",
		() => tokenGrid({ ...grid, values: Tensor.full([1, 300], 0.5) }),
		"tokenGrid: 300 columns, allowed up to 256; choose fewer positions",
	],
	[
		"token grid's range",
		() => tokenGrid({ ...grid, values: Tensor.full([1, 1], 1.5) }),
		"tokenGrid: values[0, 0] is 1.5, allowed 0 to 1, the range",
	],
])("%s", (_, draw, message) => {
	expect(draw).toThrow(message);
});

test("values that stray from 0..1 by rounding are drawn", () => {
	expect(attentionPattern({ pattern: Tensor.full([1, 1], 1.0005), tokens: ["a"] })).toContain("<svg");
});
