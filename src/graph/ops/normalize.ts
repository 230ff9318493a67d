import { Tensor } from "../../tensor/index.js";
import { defineOp, type Emitter, type HostType, type Op, type Ops } from "../op.js";
import { apply, type TensorType, type Value } from "../value.js";
import { tensorOf } from "./host.js";
import { float32, int32 } from "./types.js";

type NormalizeAttributes = { eps: number };

/** x / scale along the last axis, with the scale as a second output. `centre` subtracts the mean first. */
function defineNormalize(name: string, doc: string, centre: boolean, fused: string): Op<NormalizeAttributes> {
	return defineOp<NormalizeAttributes>({
		name,
		doc,
		infer: ([x]) => {
			const { dtype, shape } = x as TensorType;
			if (dtype !== "float32" || shape.length === 0) {
				throw new TypeError("the operand must be float32 of rank >= 1");
			}
			return [
				{ dtype, shape },
				{ dtype, shape: shape.with(-1, 1) },
			];
		},
		host: ([x], { eps }, types) => {
			const input = (x as Tensor<"float64">).data;
			const width = (x as Tensor).shape.at(-1) as number;
			const rowOf = (r: number): ArrayLike<number> & Iterable<number> =>
				input.subarray(r * width, (r + 1) * width);
			const meanOf = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0) / width;
			const centreOf = (r: number): number => (centre ? meanOf(rowOf(r)) : 0);
			const scales = tensorOf(types[1] as HostType, (out) => {
				for (let r = 0; r < out.length; r++) {
					const mean = centreOf(r);
					out[r] = Math.sqrt(meanOf(Array.from(rowOf(r), (v) => (v - mean) ** 2)) + eps);
				}
			});
			const normalized = tensorOf(types[0] as HostType, (out) => {
				for (let r = 0; r < scales.size; r++) {
					const mean = centreOf(r);
					for (const [i, v] of [...rowOf(r)].entries()) {
						out[r * width + i] = (v - mean) / Number(scales.data[r]);
					}
				}
			});
			return [normalized, scales];
		},
		lower: (emit, node, [x], [y, scale]) => {
			const { eps } = node.attributes;
			const width = (node.inputs[0] as Value).dim(-1);
			if ((emit.provider === "cpu" || emit.provider === "wasm") && typeof width === "number") {
				const ones = emit.constant(Tensor.full([width], 1));
				const inverse = emit.temp();
				emit.node(fused, [x as string, ones], centre ? [y as string, "", inverse] : [y as string, inverse], {
					axis: -1,
					epsilon: { float: eps },
				});
				emit.node("Reciprocal", [inverse], [scale as string]);
			} else lowerPlain(emit, x as string, y as string, scale as string, eps, centre);
		},
		vjp: (g, [dy, dScale], node) => {
			const [y, scale] = node.outputs as [Value, Value];
			return [normalizeVjp(g, dy, dScale, y, scale, centre)];
		},
		examples: [
			{ inputs: [["batch", "pos", 4]], attributes: { eps: 1e-5 } },
			{ inputs: [[5]], attributes: { eps: 0.1 } },
			{ inputs: [["batch", 3]], attributes: { eps: 1e-5 }, range: [-0.1, 0.1] },
		],
		refuses: [
			{ inputs: [float32()], attributes: { eps: 1e-5 } },
			{ inputs: [int32([2])], attributes: { eps: 1e-5 } },
		],
	});
}

/** Mean, square, root and quotient one by one, for providers without the fused kernel. */
function lowerPlain(emit: Emitter, x: string, y: string, scale: string, eps: number, centre: boolean): void {
	let centred = x;
	if (centre) {
		const mean = emit.temp();
		centred = emit.temp();
		emit.node("ReduceMean", [x, emit.ints([-1])], [mean], { keepdims: 1 });
		emit.node("Sub", [x, mean], [centred]);
	}
	const [square, variance, shifted] = [emit.temp(), emit.temp(), emit.temp()];
	emit.node("Mul", [centred, centred], [square]);
	emit.node("ReduceMean", [square, emit.ints([-1])], [variance], { keepdims: 1 });
	emit.node("Add", [variance, emit.constant(Tensor.scalar(eps))], [shifted]);
	emit.node("Sqrt", [shifted], [scale]);
	emit.node("Div", [centred, scale], [y]);
}

/** With s the scale and y the output: dx = (dy - y mean(dy y)) / s + ds y / width, centred where the mean was subtracted. */
function normalizeVjp(
	g: Ops,
	dy: Value | undefined,
	ds: Value | undefined,
	y: Value,
	s: Value,
	centre: boolean,
): Value {
	const width = y.dim(-1) as number;
	let dx: Value | undefined;
	if (dy) {
		const along = g.mul(y, g.mean(g.mul(dy, y), -1));
		const across = centre ? g.sub(dy, g.mean(dy, -1)) : dy;
		dx = g.div(g.sub(across, along), s);
	}
	if (ds) {
		const fromScale = g.div(g.mul(y, ds), width);
		dx = dx ? g.add(dx, fromScale) : fromScale;
	}
	return dx as Value;
}

const layerNormalizeOp = defineNormalize(
	"layer-normalize",
	"(x - mean) / sqrt(variance + eps) along the last axis, and that root (Ba et al. 2016); no weight, no bias.",
	true,
	"LayerNormalization",
);

const rmsNormalizeOp = defineNormalize(
	"rms-normalize",
	"x / sqrt(mean(x^2) + eps) along the last axis, and that root (Zhang and Sennrich 2019); no weight.",
	false,
	"SimplifiedLayerNormalization",
);

/** x normalised along the last axis, and the scale it was divided by ([.., 1]). */
export interface Normalized {
	readonly normalized: Value;
	readonly scale: Value;
}

const normalize = (op: Op<NormalizeAttributes>, x: Value, eps: number): Normalized => {
	const [normalized, scale] = apply(op, [x], { eps }) as [Value, Value];
	return { normalized, scale };
};

/** (x - mean) / scale with scale = sqrt(variance + eps) */
export const layerNormalize = (x: Value, eps: number): Normalized => normalize(layerNormalizeOp, x, eps);
/** x / scale with scale = sqrt(mean square + eps) */
export const rmsNormalize = (x: Value, eps: number): Normalized => normalize(rmsNormalizeOp, x, eps);

export const ops = [layerNormalizeOp, rmsNormalizeOp] as const;
