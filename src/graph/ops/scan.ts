import { forEachIndex, stridesOf, Tensor } from "../../tensor/index.js";
import { defineOp, type Emitter } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { checkAxis, resolveAxis } from "./axis.js";
import { filled } from "./host.js";
import { bool, float32, int32 } from "./types.js";

const argmaxOp = defineOp<{ axis: number; keepDims: boolean }>({
	name: "argmax",
	doc: "Index of the largest element along an axis, the first of equals; int32, no gradient.",
	infer: ([x], { axis, keepDims }) => {
		const { dtype, shape } = x as TensorType;
		if (dtype !== "float32") throw new TypeError(`the operand must be float32, got ${dtype}`);
		checkAxis(axis, shape);
		if (shape[axis] === 0) throw new RangeError(`axis ${axis} is empty`);
		return [{ dtype: "int32", shape: keepDims ? shape.with(axis, 1) : shape.toSpliced(axis, 1) }];
	},
	host: ([x], { axis }, types) =>
		filled(types, (out) => {
			const { data, shape } = x as Tensor;
			const step = stridesOf(shape)[axis] as number;
			const strides = stridesOf(shape.with(axis, 1));
			forEachIndex(shape, (index, flat) => {
				const place = index[axis] as number;
				const to = index.reduce((sum, i, k) => sum + (k === axis ? 0 : i * (strides[k] as number)), 0);
				const best = flat + ((out[to] as number) - place) * step;
				if ((data[flat] as number) > (data[best] as number)) out[to] = place;
			});
		}),
	lower: (emit, node, inputs, outputs) => {
		const { axis, keepDims } = node.attributes;
		if (emit.provider === "webgpu") return countBeforeMax(emit, axis, keepDims, inputs, outputs);
		const wide = emit.temp();
		emit.node("ArgMax", inputs, [wide], { axis, keepdims: keepDims ? 1 : 0 });
		emit.node("Cast", [wide], outputs, { to: { type: "int32" } });
	},
	vjp: () => [undefined],
	examples: [
		{ inputs: [["batch", "pos", 4]], attributes: { axis: 2, keepDims: false } },
		{ inputs: [["batch", 3, 2]], attributes: { axis: 1, keepDims: true } },
	],
	refuses: [
		{ inputs: [bool(2)], attributes: { axis: 0, keepDims: false } },
		{ inputs: [float32(2)], attributes: { axis: 1, keepDims: false } },
		{ inputs: [float32(2, 0)], attributes: { axis: 1, keepDims: false } },
	],
});

/** The elements before the first that equals the largest, counted, where the runtime has no ArgMax. */
function countBeforeMax(
	emit: Emitter,
	axis: number,
	keepDims: boolean,
	inputs: readonly string[],
	outputs: readonly string[],
): void {
	const at = (type: string, operands: readonly string[], options = {}): string => {
		const name = emit.temp();
		emit.node(type, operands, [name], options);
		return name;
	};
	const [x, axes] = [inputs[0] as string, emit.ints([axis])];
	const float = { to: { type: "float32" } };
	const isLargest = at("Equal", [x, at("ReduceMax", [x, axes], { keepdims: 1 })]);
	const met = at("CumSum", [at("Cast", [isLargest], float), axes]);
	const before = at("Cast", [at("Less", [met, emit.constant(Tensor.scalar(0.5))])], float);
	const count = at("ReduceSum", [before, axes], { keepdims: keepDims ? 1 : 0 });
	emit.node("Cast", [count], outputs, { to: { type: "int32" } });
}

type CumsumAttributes = { axis: number; exclusive: boolean; reverse: boolean };

const cumsumOp = defineOp<CumsumAttributes>({
	name: "cumsum",
	doc: "Running sum along an axis: of all before (exclusive) or up to each element; reverse sums from the end.",
	infer: ([x], { axis }) => {
		const { dtype, shape } = x as TensorType;
		if (dtype !== "float32") throw new TypeError(`the operand must be float32, got ${dtype}`);
		checkAxis(axis, shape);
		return [{ dtype, shape }];
	},
	host: ([x], { axis, exclusive, reverse }, types) =>
		filled(types, (out, shape) => {
			const { data } = x as Tensor;
			const step = stridesOf(shape)[axis] as number;
			const extent = shape[axis] as number;
			forEachIndex(shape.with(axis, Math.min(1, extent)), (index) => {
				const start = index.reduce((sum, i, k) => sum + i * (stridesOf(shape)[k] as number), 0);
				let total = 0;
				for (let i = 0; i < extent; i++) {
					const at = start + (reverse ? extent - 1 - i : i) * step;
					if (exclusive) out[at] = total;
					total += Number(data[at]);
					if (!exclusive) out[at] = total;
				}
			});
		}),
	lower: (emit, node, [x], outputs) => {
		const { axis, exclusive, reverse } = node.attributes;
		const options = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 };
		emit.node("CumSum", [x as string, emit.ints([axis])], outputs, options);
	},
	// the transpose of summing what is before is summing what is after
	vjp: (g, [ct], node) => {
		const { axis, exclusive, reverse } = node.attributes;
		return [g.cumsum(ct as Value, axis, { exclusive, reverse: !reverse })];
	},
	examples: [false, true].flatMap((exclusive) =>
		[false, true].map((reverse) => ({
			inputs: [["batch", 3, "pos"] as const],
			attributes: { axis: reverse ? 1 : 2, exclusive, reverse },
		})),
	),
	refuses: [
		{ inputs: [int32([2])], attributes: { axis: 0, exclusive: false, reverse: false } },
		{ inputs: [float32(2)], attributes: { axis: 1, exclusive: false, reverse: false } },
	],
});

/** Index of the largest element along an axis (default the last), the first of equals; int32. */
export function argmax(x: Value, axis = -1, { keepDims = false }: { keepDims?: boolean } = {}): Value {
	return apply1(argmaxOp, [x], { axis: resolveAxis(axis, x.rank), keepDims });
}

export interface CumsumOptions {
	/** Leave out the element itself. Default false. */
	exclusive?: boolean;
	/** Sum from the end. Default false. */
	reverse?: boolean;
}

/** Running sum along an axis (default the last), same shape. */
export function cumsum(x: Value, axis = -1, options: CumsumOptions = {}): Value {
	const { exclusive = false, reverse = false } = options;
	return apply1(cumsumOp, [x], { axis: resolveAxis(axis, x.rank), exclusive, reverse });
}

export const ops = [argmaxOp, cumsumOp] as const;
