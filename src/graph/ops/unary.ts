import { Tensor } from "../../tensor/index.js";
import { defineOp, type Emitter, type Op, type Ops } from "../op.js";
import { apply1, type Node, type TensorType, type Value } from "../value.js";
import { filled } from "./host.js";
import { bool, int32 } from "./types.js";

type None = Record<never, never>;

interface UnaryRecord {
	name: string;
	doc: string;
	/** One ONNX op, or a function that writes several. */
	onnx: string | Op<None>["lower"];
	compute: (x: number) => number;
	/** Cotangent of x, from the output's cotangent, x and the output y. */
	vjp: (g: Ops, ct: Value, x: Value, y: Value) => Value;
	range?: readonly [number, number];
	/** Whether int32 is taken too. */
	integers?: boolean;
}

function defineUnary({ name, doc, onnx, compute, vjp, range, integers = false }: UnaryRecord): Op<None> {
	const drawn = range && { range };
	return defineOp<None>({
		name,
		doc,
		infer: ([x]) => {
			const { dtype, shape } = x as TensorType;
			if (dtype !== "float32" && !(integers && dtype === "int32")) {
				throw new TypeError(`the operand must be float32${integers ? " or int32" : ""}, got ${dtype}`);
			}
			return [{ dtype, shape }];
		},
		host: ([x], _, types) =>
			filled(types, (out) => {
				for (const [i, value] of (x as Tensor).data.entries()) out[i] = compute(Number(value));
			}),
		lower: typeof onnx === "string" ? (emit, _, inputs, outputs) => emit.node(onnx, inputs, outputs) : onnx,
		vjp: (g, [ct], node) => [vjp(g, ct as Value, node.inputs[0] as Value, node.outputs[0] as Value)],
		examples: [
			{ inputs: [["batch", 3]], attributes: {}, ...drawn },
			{ inputs: [[]], attributes: {}, ...drawn },
			...(integers ? [{ inputs: [Tensor.from([-3, 0, 5], "int32")], attributes: {} }] : []),
		],
		refuses: [
			{ inputs: [bool(2)], attributes: {} },
			...(integers ? [] : [{ inputs: [int32([2])], attributes: {} }]),
		],
	});
}

const record: Record<string, Op<None>> = {
	neg: defineUnary({
		name: "neg",
		doc: "-x",
		onnx: (emit, node, [x], outputs) => {
			if (isWebGpuInt(emit, node))
				emit.node("Sub", [emit.constant(Tensor.scalar(0, "int32")), x as string], outputs);
			else emit.node("Neg", [x as string], outputs);
		},
		compute: (x) => -x,
		vjp: (g, ct) => g.neg(ct),
		integers: true,
	}),
	abs: defineUnary({
		name: "abs",
		doc: "|x|; gradient 0 at 0.",
		onnx: (emit, node, [x], outputs) => {
			if (!isWebGpuInt(emit, node)) return emit.node("Abs", [x as string], outputs);
			const negative = emit.temp();
			emit.node("Sub", [emit.constant(Tensor.scalar(0, "int32")), x as string], [negative]);
			emit.node("Max", [x as string, negative], outputs);
		},
		compute: Math.abs,
		integers: true,
		vjp: (g, ct, x) => g.mul(ct, g.sign(x)),
	}),
	sign: defineUnary({
		name: "sign",
		doc: "-1, 0 or 1; gradient 0.",
		onnx: (emit, node, [x], outputs) => {
			if (emit.provider !== "webgpu") return emit.node("Sign", [x as string], outputs);
			const dtype = node.inputs[0]?.dtype as "float32" | "int32";
			const zero = emit.constant(Tensor.scalar(0, dtype));
			const sides = ["Greater", "Less"].map((type) => {
				const [is, number] = [emit.temp(), emit.temp()];
				emit.node(type, [x as string, zero], [is]);
				emit.node("Cast", [is], [number], { to: { type: dtype } });
				return number;
			});
			emit.node("Sub", sides, outputs);
		},
		compute: Math.sign,
		integers: true,
		vjp: (g, ct) => g.mul(ct, 0),
	}),
	exp: defineUnary({
		name: "exp",
		doc: "e^x",
		onnx: "Exp",
		compute: Math.exp,
		vjp: (g, ct, _, y) => g.mul(ct, y),
	}),
	log: defineUnary({
		name: "log",
		doc: "Natural logarithm.",
		onnx: "Log",
		compute: Math.log,
		vjp: (g, ct, x) => g.div(ct, x),
		range: [0.2, 3],
	}),
	sqrt: defineUnary({
		name: "sqrt",
		doc: "Square root.",
		onnx: "Sqrt",
		compute: Math.sqrt,
		vjp: (g, ct, _, y) => g.div(g.mul(ct, 0.5), y),
		range: [0.2, 3],
	}),
	sin: defineUnary({
		name: "sin",
		doc: "Sine.",
		onnx: "Sin",
		compute: Math.sin,
		vjp: (g, ct, x) => g.mul(ct, g.cos(x)),
	}),
	cos: defineUnary({
		name: "cos",
		doc: "Cosine.",
		onnx: "Cos",
		compute: Math.cos,
		vjp: (g, ct, x) => g.neg(g.mul(ct, g.sin(x))),
	}),
	tanh: defineUnary({
		name: "tanh",
		doc: "Hyperbolic tangent.",
		onnx: "Tanh",
		compute: Math.tanh,
		vjp: (g, ct, _, y) => g.mul(ct, g.sub(1, g.mul(y, y))),
	}),
	sigmoid: defineUnary({
		name: "sigmoid",
		doc: "1 / (1 + e^-x)",
		onnx: "Sigmoid",
		compute: logistic,
		vjp: (g, ct, _, y) => g.mul(ct, g.mul(y, g.sub(1, y))),
	}),
	erf: defineUnary({
		name: "erf",
		doc: "Error function.",
		onnx: "Erf",
		compute: erfOf,
		vjp: (g, ct, x) => g.mul(ct, g.mul(g.exp(g.neg(g.mul(x, x))), 2 / Math.sqrt(Math.PI))),
	}),
	relu: defineUnary({
		name: "relu",
		doc: "max(x, 0)",
		onnx: "Relu",
		compute: (x) => Math.max(x, 0),
		vjp: (g, ct, x) => g.mul(ct, g.cast(g.greater(x, 0), "float32")),
	}),
	silu: defineUnary({
		name: "silu",
		doc: "x sigmoid(x), also called swish.",
		onnx: (emit, _, inputs, outputs) => {
			if (emit.provider === "cpu" || emit.provider === "wasm") {
				emit.node("QuickGelu", inputs, outputs, { alpha: { float: 1 } }, "com.microsoft");
				return;
			}
			const gate = emit.temp();
			emit.node("Sigmoid", inputs, [gate]);
			emit.node("Mul", [inputs[0] as string, gate], outputs);
		},
		compute: (x) => x * logistic(x),
		vjp: (g, ct, x, y) => {
			const s = g.sigmoid(x);
			return g.mul(ct, g.add(s, g.mul(y, g.sub(1, s))));
		},
	}),
	gelu: defineUnary({
		name: "gelu",
		doc: "x Phi(x), with the error function (Hendrycks and Gimpel 2016).",
		onnx: (emit, _, inputs, outputs) => emit.node("Gelu", inputs, outputs),
		compute: (x) => 0.5 * x * (1 + erfOf(x / Math.SQRT2)),
		vjp: (g, ct, x) => {
			const cdf = g.mul(g.add(g.erf(g.mul(x, Math.SQRT1_2)), 1), 0.5);
			const pdf = g.mul(g.exp(g.mul(g.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
			return g.mul(ct, g.add(cdf, g.mul(x, pdf)));
		},
	}),
	geluTanh: defineUnary({
		name: "gelu-tanh",
		doc: "x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): GPT-2's gelu_new (Hendrycks and Gimpel 2016).",
		onnx: (emit, _, inputs, outputs) => emit.node("Gelu", inputs, outputs, { approximate: "tanh" }),
		compute: (x) => 0.5 * x * (1 + Math.tanh(GELU_TANH * (x + 0.044715 * x ** 3))),
		vjp: (g, ct, x) => {
			const square = g.mul(x, x);
			const t = g.tanh(g.mul(g.mul(x, g.add(g.mul(square, 0.044715), 1)), GELU_TANH));
			const slope = g.mul(g.add(g.mul(square, 3 * 0.044715), 1), GELU_TANH);
			const inner = g.mul(g.mul(x, g.sub(1, g.mul(t, t))), slope);
			return g.mul(ct, g.mul(g.add(g.add(t, 1), inner), 0.5));
		},
	}),
};

const GELU_TANH = Math.sqrt(2 / Math.PI);

/** WebGPU has no kernels of whole numbers for some ops. */
function isWebGpuInt(emit: Emitter, node: Node): boolean {
	return emit.provider === "webgpu" && node.inputs[0]?.dtype === "int32";
}

function logistic(x: number): number {
	return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** erf to double precision: Taylor series near 0, continued fraction of erfc further out. */
function erfOf(x: number): number {
	const a = Math.abs(x);
	if (a > 6) return Math.sign(x);
	if (a < 2.5) {
		let term = x;
		let sum = x;
		for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
			term *= (-x * x) / n;
			sum += term / (2 * n + 1);
		}
		return (2 / Math.sqrt(Math.PI)) * sum;
	}
	let fraction = 0;
	for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
	return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

const unary =
	(name: string) =>
	(x: Value): Value =>
		apply1(record[name] as Op<None>, [x], {});

export const neg: (x: Value) => Value = unary("neg");
export const abs: (x: Value) => Value = unary("abs");
export const sign: (x: Value) => Value = unary("sign");
export const exp: (x: Value) => Value = unary("exp");
export const log: (x: Value) => Value = unary("log");
export const sqrt: (x: Value) => Value = unary("sqrt");
export const sin: (x: Value) => Value = unary("sin");
export const cos: (x: Value) => Value = unary("cos");
export const tanh: (x: Value) => Value = unary("tanh");
export const sigmoid: (x: Value) => Value = unary("sigmoid");
export const erf: (x: Value) => Value = unary("erf");
export const relu: (x: Value) => Value = unary("relu");
/** x sigmoid(x) */
export const silu: (x: Value) => Value = unary("silu");
/** x Phi(x) with the error function */
export const gelu: (x: Value) => Value = unary("gelu");
/** GPT-2's tanh approximation of gelu */
export const geluTanh: (x: Value) => Value = unary("geluTanh");

export const ops: readonly Op<None>[] = Object.values(record);
