/** Laws of matrices that are kept as factors. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { FactoredMatrix } from "../../src/circuits/index.js";
import { difference, Tensor } from "../../src/index.js";
import { Random } from "../../src/tensor/index.js";

function matrix(random: Random, rows: number, columns: number): Tensor<"float32"> {
	const tensor = Tensor.zeros([rows, columns]);
	for (let i = 0; i < tensor.size; i++) tensor.data[i] = random.normal();
	return tensor;
}

/** a b, entry by entry. */
function dense(a: Tensor, b: Tensor): Tensor<"float32"> {
	const [rows, inner] = a.shape as [number, number];
	const columns = b.shape[1] as number;
	const out = Tensor.zeros([rows, columns]);
	for (let r = 0; r < rows; r++)
		for (let c = 0; c < columns; c++)
			for (let i = 0; i < inner; i++)
				out.data[r * columns + c] = (out.data[r * columns + c] as number) + a.at(r, i) * b.at(i, c);
	return out;
}

const frobenius = ({ data }: Tensor): number => Math.hypot(...(data as Float32Array));
const near = (a: Tensor, b: Tensor): void => {
	const { maxAbs, scale } = difference(a, b);
	expect(maxAbs).toBeLessThanOrEqual(1e-5 * Math.max(1, scale));
};

const sizes = fc.record({
	rows: fc.integer({ min: 1, max: 8 }),
	inner: fc.integer({ min: 1, max: 5 }),
	columns: fc.integer({ min: 1, max: 8 }),
	seed: fc.integer({ min: 0, max: 1e6 }),
});

test("product, entries, transpose and norm are those of the matrix multiplied out", () => {
	fc.assert(
		fc.property(sizes, ({ rows, inner, columns, seed }) => {
			const random = new Random(seed);
			const factored = new FactoredMatrix(matrix(random, rows, inner), matrix(random, inner, columns));
			const whole = dense(factored.left, factored.right);
			near(factored.product(), whole);
			near(factored.transpose().product(), whole.transpose());
			expect(factored.at(rows - 1, columns - 1)).toBeCloseTo(whole.at(-1, -1), 4);
			expect(factored.norm()).toBeCloseTo(frobenius(whole), 3);
			const next = new FactoredMatrix(matrix(random, columns, 3), matrix(random, 3, 4));
			const product = factored.times(next);
			expect(product.inner).toBe(Math.min(inner, 3));
			near(product.product(), dense(whole, dense(next.left, next.right)));
			near(factored.times(next.left).product(), dense(whole, next.left));
		}),
		{ numRuns: 40 },
	);
});

test("the singular value decomposition gives the matrix back, from orthonormal columns", () => {
	fc.assert(
		fc.property(sizes, ({ rows, inner, columns, seed }) => {
			const random = new Random(seed);
			const factored = new FactoredMatrix(matrix(random, rows, inner), matrix(random, inner, columns));
			const { u, s, v } = factored.svd();
			const k = Math.min(rows, inner, columns);
			expect([u.shape, s.length, v.shape]).toEqual([[rows, k], k, [columns, k]]);
			expect([...s].sort((a, b) => b - a)).toEqual([...s]);
			const scaled = new Tensor(
				"float32",
				u.shape,
				u.data.map((x, i) => x * (s[i % k] as number)),
			);
			near(dense(scaled, v.transpose()), factored.product());
			expect(Math.hypot(...s)).toBeCloseTo(factored.norm(), 3);
			for (const side of [u, v]) {
				const gram = dense(side.transpose(), side);
				for (let i = 0; i < k; i++)
					for (let j = 0; j < k; j++) expect(gram.at(i, j)).toBeCloseTo(i === j ? 1 : 0, 4);
			}
		}),
		{ numRuns: 40 },
	);
});

test("eigenvalues: their powers' sums are the traces of the matrix's powers", () => {
	fc.assert(
		fc.property(sizes, ({ rows, inner, seed }) => {
			const random = new Random(seed);
			const factored = new FactoredMatrix(matrix(random, rows, inner), matrix(random, inner, rows));
			const eigenvalues = factored.eigenvalues();
			expect(eigenvalues).toHaveLength(Math.min(rows, inner));
			const trace = (m: Tensor): number =>
				Array.from({ length: rows }, (_, i) => m.at(i, i)).reduce((a, b) => a + b, 0);
			const once = factored.product();
			const scale = Math.max(1, frobenius(once) ** 2);
			const sum = eigenvalues.reduce((all, { re }) => all + re, 0);
			expect(Math.abs(sum - trace(once)) / scale).toBeLessThanOrEqual(1e-4);
			const squares = eigenvalues.reduce((all, { re, im }) => all + re * re - im * im, 0);
			expect(Math.abs(squares - trace(dense(once, once))) / scale).toBeLessThanOrEqual(1e-4);
			const lengths = eigenvalues.map(({ re, im }) => Math.hypot(re, im));
			expect([...lengths].sort((a, b) => b - a)).toEqual(lengths);
		}),
		{ numRuns: 40 },
	);
});

test("a rotation's eigenvalues are complex", () => {
	const rotation = new FactoredMatrix(
		Tensor.from([
			[0, -2],
			[2, 0],
			[0, 0],
		]),
		Tensor.from([
			[1, 0, 0],
			[0, 1, 0],
		]),
	);
	const [first, second] = rotation.eigenvalues();
	expect(first?.re).toBeCloseTo(0, 6);
	expect(Math.abs(first?.im as number)).toBeCloseTo(2, 6);
	expect((first?.im as number) + (second?.im as number)).toBeCloseTo(0, 6);
});

test("refuses what does not fit", () => {
	const [a, b] = [Tensor.zeros([2, 3]), Tensor.zeros([2, 3])];
	expect(() => new FactoredMatrix(a, b)).toThrow(
		"FactoredMatrix: left is float32[2, 3] and right float32[2, 3], allowed [rows, inner] and [inner, columns]",
	);
	const wide = new FactoredMatrix(a, Tensor.zeros([3, 5]));
	expect(() => wide.eigenvalues()).toThrow("eigenvalues: the product is [2, 5], allowed a square matrix");
	expect(() => wide.times(a)).toThrow("times: [2, 5] by [2, 3]: 5 is not 2");
});
