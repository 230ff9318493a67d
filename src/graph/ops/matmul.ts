import { Tensor } from "../../tensor/index.js";
import type { Dim } from "../dim.js";
import { defineOp } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { broadcastShapes, forEachBroadcast, unbroadcast } from "./broadcast.js";
import { filled } from "./host.js";
import { float32, int32 } from "./types.js";

type MatmulAttributes = { transposeA: boolean; transposeB: boolean; alpha: number };

const PLAIN: MatmulAttributes = { transposeA: false, transposeB: false, alpha: 1 };

/** ONNX Runtime broadcasts no empty axis in a batched product. */
const NOT_EMPTY = { empty: false } as const;

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
		if (a.dtype !== "float32" || b.dtype !== "float32" || a.shape.length < 2 || b.shape.length < 2) {
			throw new TypeError("operands must be float32 of rank >= 2");
		}
		const [l, r] = [seen(a.shape, transposeA), seen(b.shape, transposeB)];
		if (l.columns !== r.rows) throw new RangeError(`inner extents differ: ${l.columns} and ${r.rows}`);
		return [{ dtype: "float32", shape: [...broadcastShapes(l.batch, r.batch), l.rows, r.columns] }];
	},
	host: (inputs, { transposeA, transposeB, alpha }, types) => {
		const [a, b] = inputs as [Tensor<"float64">, Tensor<"float64">];
		const [l, r] = [seen(a.shape, transposeA), seen(b.shape, transposeB)];
		const [m, inner, n] = [Number(l.rows), Number(l.columns), Number(r.columns)];
		const [aRow, aCol] = transposeA ? [1, m] : [inner, 1];
		const [bRow, bCol] = transposeB ? [1, inner] : [n, 1];
		const cell = (aAt: number, bAt: number): number => {
			let sum = 0;
			for (let k = 0; k < inner; k++) {
				sum += (a.data[aAt + k * aCol] as number) * (b.data[bAt + k * bRow] as number);
			}
			return alpha * sum;
		};
		return filled(types, (out, shape) =>
			forEachBroadcast([l.batch as number[], r.batch as number[]], shape.slice(0, -2), ([p, q], batch) => {
				const [aAt, bAt] = [(p as number) * m * inner, (q as number) * inner * n];
				for (let i = 0; i < m; i++) {
					for (let j = 0; j < n; j++) out[(batch * m + i) * n + j] = cell(aAt + i * aRow, bAt + j * bCol);
				}
			}),
		);
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
				inputs: [transposeA ? ["batch", 3, "pos"] : ["batch", "pos", 3], transposeB ? [5, 3] : [3, 5]],
				attributes: { transposeA, transposeB, alpha: transposeA ? 0.5 : 1 },
				...(transposeA && NOT_EMPTY),
			})),
		),
		{
			inputs: [
				["batch", 1, "pos", 3],
				[2, 3, 5],
			],
			attributes: PLAIN,
			...NOT_EMPTY,
		},
		{
			inputs: [
				["batch", 2, "pos", 3],
				["batch", 2, "pos", 3],
			],
			attributes: { ...PLAIN, transposeB: true, alpha: 0.3 },
		},
		{
			inputs: [
				["batch", "pos", "pos"],
				["batch", "pos", 3],
			],
			attributes: PLAIN,
		},
		{
			inputs: [
				[3, 4],
				[2, 4, 5],
			],
			attributes: PLAIN,
		},
		{
			inputs: [
				[2, 4, 3],
				[2, 5, 4],
			],
			attributes: { transposeA: true, transposeB: true, alpha: 2 },
		},
		{
			inputs: [
				[4, 3],
				[4, 5],
			],
			attributes: { ...PLAIN, transposeA: true },
		},
	],
	refuses: [
		{ inputs: [float32(2, 3), float32(4, 5)], attributes: PLAIN },
		{ inputs: [float32(2, 3), float32(3)], attributes: PLAIN },
		{ inputs: [int32([2, 3]), float32(3, 2)], attributes: PLAIN },
		{ inputs: [float32(2, 2, 3), float32(3, 3, 2)], attributes: PLAIN },
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
