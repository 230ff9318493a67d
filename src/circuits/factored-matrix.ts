import { EigenvalueDecomposition, Matrix, QrDecomposition, SingularValueDecomposition } from "ml-matrix";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";

/** A complex number. */
export interface Complex {
	readonly re: number;
	readonly im: number;
}

/** A matrix M = left right of low rank, never multiplied out: x M means first left, then right. */
export class FactoredMatrix {
	/** Rows and columns of the product. */
	readonly shape: readonly [number, number];
	/** Extent in the middle, which bounds the rank. */
	readonly inner: number;

	/** @param left [rows, inner] @param right [inner, columns] @throws {CircuitError} for factors that do not fit */
	constructor(
		readonly left: Tensor,
		readonly right: Tensor,
	) {
		const [rows, inner] = left.shape;
		const [also, columns] = right.shape;
		if (left.shape.length !== 2 || right.shape.length !== 2 || inner !== also) {
			reject(
				"FactoredMatrix",
				`left is ${left} and right ${right}, allowed [rows, inner] and [inner, columns]`,
			);
		}
		this.shape = [rows as number, columns as number];
		this.inner = inner as number;
	}

	/** An entry of the product. */
	at(row: number, column: number): number {
		let sum = 0;
		for (let i = 0; i < this.inner; i++) sum += this.left.at(row, i) * this.right.at(i, column);
		return sum;
	}

	/** The product itself: [rows, columns]. */
	product(): Tensor<"float32"> {
		return toTensor(toMatrix(this.left).mmul(toMatrix(this.right)));
	}

	/** The factors of the transposed product. */
	transpose(): FactoredMatrix {
		return new FactoredMatrix(this.right.transpose(), this.left.transpose());
	}

	/** This matrix times another one, as factors with the smaller middle. @throws {CircuitError} for extents that do not fit */
	times(other: FactoredMatrix | Tensor): FactoredMatrix {
		const next = other instanceof FactoredMatrix ? other : undefined;
		const rows = other.shape[0];
		if (this.shape[1] !== rows) {
			reject(
				"times",
				`[${this.shape.join(", ")}] by [${other.shape.join(", ")}]: ${this.shape[1]} is not ${rows}`,
			);
		}
		const right = toMatrix(this.right);
		if (!next) return new FactoredMatrix(this.left, toTensor(right.mmul(toMatrix(other as Tensor))));
		const middle = right.mmul(toMatrix(next.left));
		return this.inner <= next.inner
			? new FactoredMatrix(this.left, toTensor(middle.mmul(toMatrix(next.right))))
			: new FactoredMatrix(toTensor(toMatrix(this.left).mmul(middle)), next.right);
	}

	/** Frobenius norm: the root of trace((left' left)(right right')). */
	norm(): number {
		const [left, right] = [toMatrix(this.left), toMatrix(this.right)];
		const [a, b] = [left.transpose().mmul(left), right.mmul(right.transpose())];
		return Math.sqrt(Math.max(0, Matrix.mul(a, b).sum()));
	}

	/**
	 * Singular value decomposition U diag(S) V' from QR decompositions of the factors, so that only a matrix of the
	 * inner extent is decomposed: S descending, U [rows, k] and V [columns, k] with k the least extent.
	 */
	svd(): { u: Tensor<"float32">; s: Float64Array; v: Tensor<"float32"> } {
		const [left, right] = [toMatrix(this.left), toMatrix(this.right)];
		if (this.inner >= Math.min(...this.shape)) {
			const whole = new SingularValueDecomposition(left.mmul(right), { autoTranspose: true });
			const k = Math.min(...this.shape);
			return decomposed(whole.leftSingularVectors, whole.diagonal, whole.rightSingularVectors, k);
		}
		const [a, b] = [new QrDecomposition(left), new QrDecomposition(right.transpose())];
		const core = new SingularValueDecomposition(
			a.upperTriangularMatrix.mmul(b.upperTriangularMatrix.transpose()),
		);
		return decomposed(
			a.orthogonalMatrix.mmul(core.leftSingularVectors),
			core.diagonal,
			b.orthogonalMatrix.mmul(core.rightSingularVectors),
			this.inner,
		);
	}

	/**
	 * Eigenvalues that may differ from 0, the largest first: those of right left, which has the inner extent and the
	 * same ones. @throws {CircuitError} where the product is not square
	 */
	eigenvalues(): Complex[] {
		const [rows, columns] = this.shape;
		if (rows !== columns)
			reject("eigenvalues", `the product is [${rows}, ${columns}], allowed a square matrix`);
		const [left, right] = [toMatrix(this.left), toMatrix(this.right)];
		return eigenvaluesOf(this.inner < rows ? right.mmul(left) : left.mmul(right));
	}
}

/** Eigenvalues of a small square matrix, the largest first. */
export function eigenvaluesOf(matrix: Matrix): Complex[] {
	const { realEigenvalues, imaginaryEigenvalues } = new EigenvalueDecomposition(matrix);
	return realEigenvalues
		.map((re, i): Complex => ({ re, im: imaginaryEigenvalues[i] as number }))
		.sort((a, b) => Math.hypot(b.re, b.im) - Math.hypot(a.re, a.im));
}

/** A tensor of two axes for the linear algebra package, in double precision. */
export function toMatrix({ shape, data }: Tensor): Matrix {
	const [rows = 0, columns = 0] = shape;
	return new Matrix(
		Array.from({ length: rows }, (_, r) =>
			Float64Array.from(data.subarray(r * columns, (r + 1) * columns) as Float32Array),
		) as unknown as number[][],
	);
}

function toTensor(matrix: Matrix): Tensor<"float32"> {
	const { rows, columns } = matrix;
	return new Tensor("float32", [rows, columns], Float32Array.from(matrix.to1DArray()));
}

function decomposed(
	u: Matrix,
	s: readonly number[],
	v: Matrix,
	k: number,
): { u: Tensor<"float32">; s: Float64Array; v: Tensor<"float32"> } {
	const first = (m: Matrix): Tensor<"float32"> => toTensor(m.subMatrix(0, m.rows - 1, 0, k - 1));
	return { u: first(u), s: Float64Array.from(s.slice(0, k)), v: first(v) };
}
