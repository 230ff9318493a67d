import { type DType, Tensor } from "../../tensor/index.js";
import { defineOp } from "../op.js";
import { apply1, type TensorType, type Value } from "../value.js";
import { broadcastShapes, forEachBroadcast, unbroadcast } from "./broadcast.js";
import { filled } from "./host.js";
import { lift } from "./leaf.js";
import { bool, float32, int32 } from "./types.js";

type None = Record<never, never>;

const whereOp = defineOp<None>({
	name: "where",
	doc: "a where the condition holds, else b; a selection, so the branch not taken may be NaN or infinite.",
	infer: (inputs) => {
		const [condition, a, b] = inputs as readonly [TensorType, TensorType, TensorType];
		if (condition.dtype !== "bool") throw new TypeError(`the condition must be bool, got ${condition.dtype}`);
		if (a.dtype !== b.dtype) {
			throw new TypeError(`the branches must have one dtype, got ${a.dtype} and ${b.dtype}`);
		}
		return [{ dtype: a.dtype, shape: broadcastShapes(condition.shape, a.shape, b.shape) }];
	},
	host: (inputs, _, types) => {
		const [c, a, b] = inputs as readonly [Tensor, Tensor, Tensor];
		return filled(types, (out, shape) =>
			forEachBroadcast([c.shape, a.shape, b.shape], shape, ([k, i, j], flat) => {
				out[flat] = Number(c.data[k as number] ? a.data[i as number] : b.data[j as number]);
			}),
		);
	},
	lower: (emit, _, inputs, outputs) => emit.node("Where", inputs, outputs),
	vjp: (g, [ct], node) => {
		const [condition, a, b] = node.inputs as readonly [Value, Value, Value];
		if (a.dtype !== "float32") return [undefined, undefined, undefined];
		return [
			undefined,
			unbroadcast(g, g.where(condition, ct as Value, 0), a),
			unbroadcast(g, g.where(condition, 0, ct as Value), b),
		];
	},
	examples: [
		{ inputs: [bool("batch", 3), ["batch", 3], []], attributes: {} },
		{ inputs: [bool("pos", "pos"), ["batch", "pos", "pos"], [1]], attributes: {} },
		{ inputs: [bool("batch"), int32(["batch"]), int32(["batch"])], attributes: {} },
		{
			inputs: [Tensor.from([1, 0], "bool"), Tensor.from([1, Number.NaN]), Tensor.from([Number.NaN, 2])],
			attributes: {},
			wrt: [],
		},
	],
	refuses: [
		{ inputs: [float32(2), float32(2), float32(2)], attributes: {} },
		{ inputs: [bool(2), float32(2), int32([2])], attributes: {} },
		{ inputs: [bool("pos"), float32("pos"), float32(3)], attributes: {} },
	],
});

const castOp = defineOp<{ to: DType }>({
	name: "cast",
	doc: "Converts the dtype; floats are cut towards zero, numbers become true where not 0.",
	infer: ([x], { to }) => {
		if (to !== "float32" && to !== "int32" && to !== "bool") {
			throw new TypeError(`dtype ${to} is not one of float32, int32, bool`);
		}
		return [{ dtype: to, shape: (x as TensorType).shape }];
	},
	host: ([x], { to }, types) =>
		filled(types, (out) => {
			const convert = to === "bool" ? (v: number) => (v !== 0 ? 1 : 0) : to === "int32" ? Math.trunc : Number;
			for (const [i, value] of (x as Tensor).data.entries()) out[i] = convert(Number(value));
		}),
	lower: (emit, node, inputs, outputs) => {
		const { to } = node.attributes;
		const from = node.inputs[0]?.dtype;
		if (emit.provider === "webgpu" && to === "bool" && from !== "bool") {
			// casts to bool are missing there; x = 0 is false for NaN, as the cast would have it
			const [isZero, zero] = [emit.temp(), emit.constant(Tensor.scalar(0, from as "float32"))];
			emit.node("Equal", [inputs[0] as string, zero], [isZero]);
			const number = emit.temp();
			emit.node("Cast", [isZero], [number], { to: { type: "float32" } });
			emit.node("Less", [number, emit.constant(Tensor.scalar(0.5))], outputs);
		} else emit.node("Cast", inputs, outputs, { to: { type: to } });
	},
	vjp: (_, [ct], node) => [node.inputs[0]?.dtype === "float32" ? ct : undefined],
	shortcut: (_, [x], { to }) => (x?.dtype === to ? [x] : undefined),
	examples: [
		{ inputs: [["batch", 2]], attributes: { to: "float32" } },
		{ inputs: [bool("batch", 2)], attributes: { to: "float32" } },
		{ inputs: [bool("batch", 2)], attributes: { to: "int32" } },
		{ inputs: [int32(["batch"])], attributes: { to: "float32" } },
		{ inputs: [Tensor.from([3, 0, -1], "int32")], attributes: { to: "bool" } },
		{ inputs: [Tensor.from([1.7, -2.7, 0])], attributes: { to: "int32" }, wrt: [] },
		{ inputs: [Tensor.from([0.5, -0, Number.NaN])], attributes: { to: "bool" }, wrt: [] },
	],
	refuses: [{ inputs: [float32(2)], attributes: { to: "float64" } }],
});

/** a where the condition holds, else b. Nothing is computed with the other branch, NaN and infinities included. */
export function where(condition: Value, a: Value | number, b: Value | number): Value {
	return apply1(whereOp, [condition, lift(a, b), lift(b, a)], {});
}
/** Converts the dtype: floats are cut towards zero, numbers become true where not 0. */
export const cast = (x: Value, to: DType): Value => (x.dtype === to ? x : apply1(castOp, [x], { to }));

export const ops = [whereOp, castOp] as const;
