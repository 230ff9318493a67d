import { Tensor } from "../../tensor/index.js";
import { defineOp, type Emitter, type Op, type Ops } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { filled } from "./host.js";
import { float32, int32 } from "./types.js";

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
			if (dtype !== "float32" || shape.length === 0) {
				throw new TypeError("the operand must be float32 of rank >= 1");
			}
			return [{ dtype, shape }];
		},
		host: ([x], _, types) =>
			filled(types, (out, shape) => {
				const input = (x as Tensor<"float64">).data;
				const width = shape.at(-1) as number;
				for (let start = 0; start < input.length; start += width) {
					const row = input.subarray(start, start + width);
					const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
					const logSum = Math.log(row.reduce((sum, v) => sum + Math.exp(v - top), 0));
					for (let i = 0; i < width; i++) out[start + i] = compute((row[i] as number) - top, logSum);
				}
			}),
		lower: (emit, _, inputs, outputs) => {
			if (onnx === "LogSoftmax" && emit.provider === "webgpu") lowerLogSoftmax(emit, inputs, outputs);
			else emit.node(onnx, inputs, outputs, { axis: -1 });
		},
		vjp: (g, [ct], node) => [vjp(g, ct as Value, node.outputs[0] as Value)],
		examples: [
			{ inputs: [["batch", 3, "pos"]], attributes: {} },
			{ inputs: [[5]], attributes: {} },
			{ inputs: [["batch", 4]], attributes: {}, range: [-90, 90] },
			{ inputs: [Tensor.from([[1, Number.NEGATIVE_INFINITY, 2]])], attributes: {}, wrt: [] },
		],
		refuses: [
			{ inputs: [float32()], attributes: {} },
			{ inputs: [int32([2])], attributes: {} },
		],
	});
}

/** x - max - log(sum(exp(x - max))) step by step, where the runtime has no LogSoftmax. */
function lowerLogSoftmax(emit: Emitter, [x]: readonly string[], outputs: readonly string[]): void {
	const [top, shifted, exp, sum, log] = [emit.temp(), emit.temp(), emit.temp(), emit.temp(), emit.temp()];
	emit.node("ReduceMax", [x as string, emit.ints([-1])], [top], { keepdims: 1 });
	emit.node("Sub", [x as string, top], [shifted]);
	emit.node("Exp", [shifted], [exp]);
	emit.node("ReduceSum", [exp, emit.ints([-1])], [sum], { keepdims: 1 });
	emit.node("Log", [sum], [log]);
	emit.node("Sub", [shifted, log], outputs);
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
