import { sizeOf, Tensor } from "../../tensor/index.js";
import type { Dim } from "../dim.js";
import { defineOp } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { filled } from "./host.js";
import { float32 } from "./types.js";

type BlockAttributes = { bits: 4 | 8 };

/** Three rows of two blocks of 16 with every kind of byte in them. */
const packed = (bits: 4 | 8): Tensor<"uint8"> => {
	const shape = [3, 2, 2 * bits];
	return new Tensor(
		"uint8",
		shape,
		Uint8Array.from({ length: sizeOf(shape) }, (_, i) => 37 * i + 11),
	);
};
const uint8 = (...shape: Dim[]): TensorType => ({ dtype: "uint8", shape });

const matmulBlocksOp = defineOp<BlockAttributes>({
	name: "matmul-blocks",
	doc: "x [.., columns] times the transpose of a matrix [rows, columns] of blocks, scale (q - 2^(bits - 1)): packed q [rows, blocks, bytes] and scales [rows, blocks].",
	infer: ([x, q, s], { bits }) => {
		const [a, quants, scales] = [x as TensorType, q as TensorType, s as TensorType];
		if (a.dtype !== "float32" || quants.dtype !== "uint8" || scales.dtype !== "float32") {
			throw new TypeError("operands must be float32, uint8 and float32");
		}
		if (a.shape.length < 2 || quants.shape.length !== 3) {
			throw new TypeError("x must be of rank >= 2, the packed numbers of rank 3");
		}
		if (scales.shape.join() !== quants.shape.slice(0, 2).join()) {
			throw new RangeError("there must be one scale for each block");
		}
		const [rows, blocks, bytes] = quants.shape as [number, number, number];
		const columns = (blocks * bytes * 8) / bits;
		if (a.shape.at(-1) !== columns) throw new RangeError(`a row of blocks has ${columns} elements`);
		return [{ dtype: "float32", shape: [...a.shape.slice(0, -1), rows] }];
	},
	host: (inputs, { bits }, types) => {
		const [x, quants, scales] = inputs as [Tensor<"float64">, Tensor<"uint8">, Tensor<"float64">];
		const [rows, blocks, bytes] = quants.shape as [number, number, number];
		const size = (bytes * 8) / bits;
		const columns = blocks * size;
		const centre = 2 ** (bits - 1);
		const matrix = Float64Array.from({ length: rows * columns }, (_, i) => {
			const byte = quants.data[bits === 8 ? i : i >> 1] as number;
			const q = bits === 8 ? byte : (byte >> (4 * (i & 1))) & 15;
			return (scales.data[Math.floor(i / size)] as number) * (q - centre);
		});
		return filled(types, (out) => {
			for (let i = 0; i < out.length; i++) {
				const [a, b] = [Math.floor(i / rows) * columns, (i % rows) * columns];
				let sum = 0;
				for (let k = 0; k < columns; k++) sum += (x.data[a + k] as number) * (matrix[b + k] as number);
				out[i] = sum;
			}
		});
	},
	lower: (emit, node, inputs, outputs) => {
		if (emit.provider !== "cpu" && emit.provider !== "wasm") {
			throw new TypeError("its kernel computes on the CPU; load the weights as float32");
		}
		const { bits } = node.attributes;
		const [N, blocks, bytes] = (node.inputs[1] as Value).shape as [number, number, number];
		const size = (bytes * 8) / bits;
		// without an accuracy level the products are float32's
		const options = { N, K: blocks * size, bits, block_size: size };
		emit.node("MatMulNBits", inputs, outputs, options, "com.microsoft");
	},
	examples: [
		{ inputs: [["batch", "pos", 32], packed(4), [3, 2]], attributes: { bits: 4 }, wrt: [] },
		{ inputs: [["pos", 32], packed(8), [3, 2]], attributes: { bits: 8 }, wrt: [] },
	],
	refuses: [
		{ inputs: [float32(2, 32), float32(3, 2, 8), float32(3, 2)], attributes: { bits: 4 } },
		{ inputs: [float32(32), uint8(3, 2, 8), float32(3, 2)], attributes: { bits: 4 } },
		{ inputs: [float32(2, 32), uint8(3, 2, 8), float32(2, 3)], attributes: { bits: 4 } },
		{ inputs: [float32(2, 32), uint8(3, 2, 8), float32(3, 2)], attributes: { bits: 8 } },
	],
});

/**
 * x [.., columns] times the transpose of a matrix that is held as blocks: `quants` uint8 [rows, blocks, size * bits / 8]
 * and `scales` [rows, blocks] stand for scale (q - 2^(bits - 1)). It has no gradient: these are made before weights are
 * held so.
 */
export function matmulBlocks(x: Value, quants: Value, scales: Value, bits: 4 | 8): Value {
	return apply1(matmulBlocksOp, [x, quants, scales], { bits });
}

export const ops = [matmulBlocksOp] as const;
