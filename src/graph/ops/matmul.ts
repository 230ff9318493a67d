import { allocate, type DType, sizeOf, Tensor } from "../../tensor/index.js";
import type { Dim } from "../dim.js";
import { defineOp } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { broadcastShapes, forEachBroadcast, unbroadcast } from "./broadcast.js";

type MatmulAttributes = { transposeA: boolean; transposeB: boolean; alpha: number };

/** Extents as the product sees them: batch axes, rows, columns. */
function seen(
	shape: readonly Dim[],
	transposed: boolean,
): { batch: readonly Dim[]; rows: Dim; columns: Dim } {
	const [p, q] = shape.slice(-2) as [Dim, Dim];
	return { batch: shape.slice(0, -2), rows: transposed ? q : p, columns: transposed ? p : q };
}

const matmulOp = defineOp<MatmulAttributes>({
	name: "matmul",
	doc: "alpha a b over the last two axes, either one read transposed; leading axes broadcast.",
	infer: ([x, y], { transposeA, transposeB }) => {
		const [a, b] = [x as TensorType, y as TensorType];
		if (a.dtype !== "float32" || b.dtype !== "float32") throw new TypeError("operands must be float32");
		if (a.shape.length < 2 || b.shape.length < 2) throw new TypeError("operands must have rank >= 2");
		const [l, r] = [seen(a.shape, transposeA), seen(b.shape, transposeB)];
		if (l.columns !== r.rows) throw new RangeError(`inner extents differ: ${l.columns} and ${r.rows}`);
		return [{ dtype: "float32", shape: [...broadcastShapes(l.batch, r.batch), l.rows, r.columns] }];
	},
	host: (inputs, { transposeA, transposeB, alpha }, [type]) => {
		const [a, b] = inputs as [Tensor<"float64">, Tensor<"float64">];
		const { dtype, shape } = type as { dtype: DType; shape: readonly number[] };
		const [l, r] = [seen(a.shape, transposeA), seen(b.shape, transposeB)];
		const [m, inner, n] = [Number(l.rows), Number(l.columns), Number(r.columns)];
		const [aRow, aCol] = transposeA ? [1, m] : [inner, 1];
		const [bRow, bCol] = transposeB ? [1, inner] : [n, 1];
		const out = allocate(dtype, sizeOf(shape)) as Float64Array;
		forEachBroadcast([l.batch as number[], r.batch as number[]], shape.slice(0, -2), ([p, q], batch) => {
			const [aAt, bAt] = [(p as number) * m * inner, (q as number) * inner * n];
			for (let i = 0; i < m; i++) {
				for (let j = 0; j < n; j++) {
					let sum = 0;
					for (let k = 0; k < inner; k++) {
						sum +=
							(a.data[aAt + i * aRow + k * aCol] as number) * (b.data[bAt + k * bRow + j * bCol] as number);
					}
					out[(batch * m + i) * n + j] = alpha * sum;
				}
			}
		});
		return [new Tensor(dtype, shape, out as never)];
	},
	lower: (emit, node, inputs, outputs) => {
		const { transposeA, transposeB, alpha } = node.attributes;
		if (!transposeA && !transposeB && alpha === 1) {
			emit.node("MatMul", inputs, outputs);
		} else if (emit.provider === "cpu" || emit.provider === "wasm") {
			const options = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0, alpha: { float: alpha } };
			emit.node("FusedMatMul", inputs, outputs, options, "com.microsoft");
		} else {
			const operands = inputs.map((name, i) => {
				if (!(i === 0 ? transposeA : transposeB)) return name;
				const rank = (node.inputs[i] as Value).rank;
				const swapped = emit.temp();
				const perm = Array.from({ length: rank }, (_, k) => (k < rank - 2 ? k : 2 * rank - 3 - k));
				emit.node("Transpose", [name], [swapped], { perm });
				return swapped;
			});
			const product = alpha === 1 ? (outputs[0] as string) : emit.temp();
			emit.node("MatMul", operands, [product]);
			if (alpha !== 1) emit.node("Mul", [product, emit.constant(Tensor.scalar(alpha))], outputs);
		}
	},
	vjp: (g, [incoming], node) => {
		const [a, b] = node.inputs as [Value, Value];
		const { transposeA, transposeB, alpha } = node.attributes;
		const ct = incoming as Value;
		const da = transposeA
			? g.matmul(b, ct, { transposeA: transposeB, transposeB: true, alpha })
			: g.matmul(ct, b, { transposeB: !transposeB, alpha });
		if (b.rank === 2 && !transposeA) {
			// one product over all rows instead of a batch of products that are summed
			const rows = g.reshape(a, [-1, a.dim(-1)]);
			const out = g.reshape(ct, [-1, ct.dim(-1)]);
			const db = transposeB
				? g.matmul(out, rows, { transposeA: true, alpha })
				: g.matmul(rows, out, { transposeA: true, alpha });
			return [unbroadcast(g, da, a), db];
		}
		const db = transposeB
			? g.matmul(ct, a, { transposeA: true, transposeB: transposeA, alpha })
			: g.matmul(a, ct, { transposeA: !transposeA, alpha });
		return [unbroadcast(g, da, a), unbroadcast(g, db, b)];
	},
	examples: [
		...[false, true].flatMap((transposeA) =>
			[false, true].map((transposeB) => ({
				inputs: [transposeA ? [2, 3, 4] : [2, 4, 3], transposeB ? [2, 5, 3] : [2, 3, 5]],
				attributes: { transposeA, transposeB, alpha: transposeA ? 0.5 : 1 },
			})),
		),
		{
			inputs: [
				[2, 1, 4, 3],
				[2, 3, 5],
			],
			attributes: { transposeA: false, transposeB: false, alpha: 1 },
		},
		{
			inputs: [
				[2, 4, 3],
				[3, 5],
			],
			attributes: { transposeA: false, transposeB: false, alpha: 1 },
		},
		{
			inputs: [
				[2, 4, 3],
				[5, 3],
			],
			attributes: { transposeA: false, transposeB: true, alpha: 2 },
		},
		{
			inputs: [
				[0, 3],
				[3, 2],
			],
			attributes: { transposeA: false, transposeB: false, alpha: 1 },
		},
	],
});

export interface MatmulOptions {
	/** Read a's last two axes swapped. Default false. */
	transposeA?: boolean;
	/** Read b's last two axes swapped. Default false. */
	transposeB?: boolean;
	/** Factor on the product. Default 1. */
	alpha?: number;
}

/** alpha a b: [.., m, k] and [.., k, n] give [.., m, n]; leading axes broadcast. */
export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
	const { transposeA = false, transposeB = false, alpha = 1 } = options;
	return apply1(matmulOp, [a, b], { transposeA, transposeB, alpha });
}

export const ops = [matmulOp] as const;
