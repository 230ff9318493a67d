import { describe, expect, test } from "vitest";
import {
	inRows,
	layerPatterns,
	type MatrixPanel,
	matrixFigure,
	matrixGrid,
	sideBySide,
	valueRange,
} from "../../src/figures/index.js";
import { Tensor } from "../../src/tensor/index.js";
import { causal } from "./patterns.js";
import { expectSnapshot } from "./snapshot.js";

const rows = { title: "row" };
const columns = { title: "column" };
const panel = (title: string, values: Tensor): MatrixPanel => ({ title, values, rows, columns });
const texts = (svg: string): string[] =>
	[...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text as string);

describe("matrixFigure", () => {
	const signed = Tensor.from([[-1, 0, 3]]);

	test("centres values of both signs on 0 and leaves others as they are", () => {
		expect(texts(matrixFigure({ values: signed, rows, columns }))).toEqual(
			expect.arrayContaining(["−3", "3"]),
		);
		const positive = texts(matrixFigure({ values: Tensor.from([[2, 4, 7]]), rows, columns }));
		expect(positive).toEqual(expect.arrayContaining(["2", "7"]));
		expect(positive).not.toContain("−7");
	});

	test("takes a range that several figures share", () => {
		const drawn = matrixFigure({ values: signed, rows, columns, range: [-4, 8] });
		expect(texts(drawn)).toEqual(expect.arrayContaining(["−8", "8"]));
		expect(() => matrixFigure({ values: signed, rows, columns, range: [0, 8] })).toThrow(
			"matrixFigure: values[0, 0] is -1, allowed 0 to 8, the range",
		);
		expect(() => matrixFigure({ values: signed, rows, columns, range: [1, 1] })).toThrow(
			"matrixFigure: range: got [1, 1], allowed two finite numbers, the lower first",
		);
	});

	test("draws a matrix of equal values", () => {
		for (const value of [0, 5, -5]) {
			const values = Tensor.full([2, 2], value);
			expect(valueRange([values])).toEqual(value === 0 ? [0, 1] : value > 0 ? [0, 5] : [-5, 0]);
			expect(matrixFigure({ values, rows, columns })).toMatch(/^<svg/);
		}
	});

	test("refuses labels, ranks and values that do not fit", () => {
		expect(() => matrixFigure({ values: signed, rows, columns: { title: "key", labels: ["a"] } })).toThrow(
			'matrixFigure: 1 labels on axis "key" of 3 places, allowed 3',
		);
		expect(() => matrixFigure({ values: Tensor.zeros([1, 2, 3]), rows, columns })).toThrow(
			"matrixFigure: values: shape [1, 2, 3], allowed [row, column]",
		);
		expect(() => matrixFigure({ values: Tensor.from([[Number.NaN]]), rows, columns })).toThrow(
			"matrixFigure: values[0, 0] is NaN, allowed finite numbers",
		);
	});
});

describe("matrixGrid", () => {
	const two = [panel("0.Q", Tensor.from([[0, 1]])), panel("0.V", Tensor.from([[0, 10]]))];

	test("has a bar for all panels or one for each column", () => {
		expect(texts(matrixGrid({ panels: [two], bars: [{ title: "all" }] }))).not.toContain("1.0");
		const each = matrixGrid({ panels: [two], bars: [{ title: "q" }, { title: "v" }] });
		expect(texts(each)).toEqual(expect.arrayContaining(["q", "v", "1.0", "10"]));
	});

	test("labels an axis once where neighbours share it", () => {
		const shared = texts(matrixGrid({ panels: [two, two], bars: [{ title: "all" }] }));
		expect(shared.filter((text) => text === "row")).toHaveLength(2);
		expect(shared.filter((text) => text === "column")).toHaveLength(2);
		const other = { ...(two[1] as MatrixPanel), rows: { title: "query" } };
		expect(texts(matrixGrid({ panels: [[two[0] as MatrixPanel, other]], bars: [{ title: "all" }] }))).toEqual(
			expect.arrayContaining(["row", "query"]),
		);
	});

	test("refuses ragged rows, a wrong number of bars and values that no colour shows", () => {
		const bars = [{ title: "all" }];
		expect(() => matrixGrid({ panels: [], bars })).toThrow("rows of no panels, allowed equal, at least 1");
		expect(() => matrixGrid({ panels: [two, two.slice(1)], bars })).toThrow("rows of 2, 1 panels");
		expect(() => matrixGrid({ panels: [two], bars: [...bars, ...bars, ...bars] })).toThrow(
			"matrixGrid: 3 bars for 2 columns, allowed 1 or 2",
		);
		const infinite = panel("0.QK", Tensor.from([[Number.NEGATIVE_INFINITY]]));
		expect(() => matrixGrid({ panels: [[infinite]], bars })).toThrow(
			'matrixGrid: "0.QK"[0, 0] is -Infinity, allowed finite numbers',
		);
	});
});

describe("layerPatterns", () => {
	const pattern = (heads: number, size: number): Tensor<"float32"> =>
		new Tensor(
			"float32",
			[heads, size, size],
			Float32Array.from(Array.from({ length: heads }, (_, h) => [...causal(size, size, h).data]).flat()),
		);

	test("names layers and heads from 0", () => {
		const drawn = layerPatterns({ patterns: [pattern(4, 16), pattern(4, 16)], title: "M = 64" });
		expect(texts(drawn).filter((text) => text.startsWith("Layer "))).toEqual(
			[0, 1].flatMap((layer) => [0, 1, 2, 3].map((head) => `Layer ${layer}, Head ${head}`)),
		);
		expect(texts(drawn)).toEqual(expect.arrayContaining(["Keys", "Queries", "0.0", "1.0"]));
	});

	test("draws one head in one layer, and a long one", () => {
		expectSnapshot("layer-patterns-one-head", layerPatterns({ patterns: [pattern(1, 4)] }));
		const long = layerPatterns({ patterns: [pattern(2, 256)] });
		expect(long.length).toBeLessThan(1e5);
	});

	test("refuses what is no pattern", () => {
		expect(() => layerPatterns({ patterns: [Tensor.zeros([2, 2])] })).toThrow(
			"layerPatterns: layer 0: shape [2, 2], allowed [head, query, key]",
		);
		expect(() => layerPatterns({ patterns: [Tensor.full([1, 2, 2], 2)] })).toThrow(/is 2, allowed 0 to 1/);
		expect(() => layerPatterns({ patterns: [] })).toThrow(/rows of no panels/);
	});
});

describe("sideBySide", () => {
	const size = (svg: string): number[] =>
		(/ width="(\d+)" height="(\d+)"/.exec(svg) ?? []).slice(1).map(Number);
	const figure = (width: number, height: number): string =>
		matrixFigure({ values: Tensor.full([height, width], 1), rows, columns });

	test("is as wide as its widest columns and as high as its highest rows together", () => {
		const [a, b, c] = [figure(2, 9), figure(9, 2), figure(4, 4)];
		const [[aw = 0, ah = 0], [bw = 0, bh = 0], [cw = 0, ch = 0]] = [size(a), size(b), size(c)];
		expect(size(sideBySide({ rows: [[a, b], [c]] }))).toEqual([Math.max(aw, cw) + bw, Math.max(ah, bh) + ch]);
	});

	test("puts as many figures into each row as fit", () => {
		const figures = Array.from({ length: 4 }, () => figure(4, 4));
		const [width = 0] = size(figures[0] as string);
		const lengths = (most: number): number[] => inRows(figures, most).map((row) => row.length);
		expect(lengths(4 * width)).toEqual([4]);
		expect(lengths(3 * width)).toEqual([2, 2]);
		expect(lengths(2 * width - 1)).toEqual([1, 1, 1, 1]);
	});

	test("escapes its title and refuses what is no figure", () => {
		expect(sideBySide({ rows: [[figure(1, 1)]], title: "<script>" })).not.toContain("<script");
		expect(() => sideBySide({ rows: [[]] })).toThrow("sideBySide: no figures, allowed at least 1");
		expect(() => sideBySide({ rows: [["<p>"]] })).toThrow('sideBySide: got "<p>", allowed figures');
	});
});
