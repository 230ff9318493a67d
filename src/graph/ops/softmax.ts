import { allocate, type DType, Tensor } from "../../tensor/index.js";
import { defineOp, type Op, type Ops } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";

type None = Record<never, never>;

function defineSoftmax(
	name: string,
	doc: string,
	onnx: string,
	/** Output from x - max and log(sum(exp(x - max))). */
	compute: (shifted: number, logSum: number) => number,
	vjp: (g: Ops, ct: Value, y: Value) => Value,
): Op<None> {
	return defineOp<None>({
		name,
		doc,
		infer: ([x]) => {
			const { dtype, shape } = x as TensorType;
			if (dtype !== "float32" || shape.length === 0)
				throw new TypeError(`the operand must be float32 of rank >= 1, got ${x}`);
			return [{ dtype, shape }];
		},
		host: ([x], _, [type]) => {
			const { dtype, shape } = type as { dtype: DType; shape: readonly number[] };
			const input = (x as Tensor<"float64">).data;
			const width = shape.at(-1) as number;
			const out = allocate(dtype, input.length) as Float64Array;
			for (let row = 0; row < input.length; row += width) {
				let top = Number.NEGATIVE_INFINITY;
				for (let i = 0; i < width; i++) top = Math.max(top, input[row + i] as number);
				let total = 0;
				for (let i = 0; i < width; i++) total += Math.exp((input[row + i] as number) - top);
				for (let i = 0; i < width; i++)
					out[row + i] = compute((input[row + i] as number) - top, Math.log(total));
			}
			return [new Tensor(dtype, shape, out as never)];
		},
		lower: (emit, _, inputs, outputs) => emit.node(onnx, inputs, outputs, { axis: -1 }),
		vjp: (g, [ct], node) => [vjp(g, ct as Value, node.outputs[0] as Value)],
		examples: [
			{ inputs: [[2, 3, 4]], attributes: {} },
			{ inputs: [[5]], attributes: {} },
			{ inputs: [Tensor.from([[1, Number.NEGATIVE_INFINITY, 2]])], attributes: {}, wrt: [] },
		],
	});
}

const softmaxOp = defineSoftmax(
	"softmax",
	"e^x / sum(e^x) along the last axis; -Infinity gives 0, a row of nothing else gives NaN.",
	"Softmax",
	(shifted, logSum) => Math.exp(shifted - logSum),
	// y (ct - <ct, y>)
	(g, ct, y) => g.mul(y, g.sub(ct, g.sum(g.mul(ct, y), -1))),
);

const logSoftmaxOp = defineSoftmax(
	"log-softmax",
	"log of softmax along the last axis.",
	"LogSoftmax",
	(shifted, logSum) => shifted - logSum,
	// ct - softmax <ct, 1>
	(g, ct, y) => g.sub(ct, g.mul(g.exp(y), g.sum(ct, -1))),
);

/** softmax along the last axis */
export const softmax = (x: Value): Value => apply1(softmaxOp, [x], {});
/** log of softmax along the last axis */
export const logSoftmax = (x: Value): Value => apply1(logSoftmaxOp, [x], {});

export const ops = [softmaxOp, logSoftmaxOp] as const;
