import { add, mul, reshape, slice, transpose, weight } from "../graph/ops/index.js";
import type { Value } from "../graph/value.js";
import { nearest } from "../hooks/select.js";
import { sizeOf, Tensor } from "../tensor/index.js";
import { type Dimensions, type Family, ModelError } from "./family.js";

/** An axis of a weight: `part` counts what is stored side by side in one tensor, such as q, k and v. */
type StoredAxis = "head" | "kv_head" | "d_model" | "d_head" | "d_mlp" | "vocab" | "pos" | "part";

/** Where a weight of the usual name is: a tensor of the file, with its axes taken apart. */
export interface StoredWeight {
	/** The tensor's name in Hugging Face's files. */
	readonly weight: string;
	/** Its axes, outermost first, with heads and parts as axes of their own. */
	readonly axes: readonly StoredAxis[];
	/** Which of how many parts, where `axes` has that axis. */
	readonly part?: readonly [index: number, of: number];
	/** Where the tensor's first axis holds more than this weight: where that begins there, and the axis' extent. */
	readonly rows?: readonly [start: number, of: number];
	/** The weight is factor x stored + offset, in float32. Defaults 1 and 0. */
	readonly factor?: number;
	readonly offset?: number;
}

/**
 * A model's weights by the names and axes that interpretability uses (TransformerLens' classic ones):
 * "embed.W_E", "pos_embed.W_pos", "blocks.0.ln1.w", "blocks.0.attn.W_Q", ..., "blocks.0.mlp.W_in",
 * "ln_final.w", "unembed.W_U". What a model has not is left out.
 */
export type WeightLayout = Readonly<Record<string, StoredWeight>>;

/** Axes of each matrix and its bias by the last part of the name: x W is what a product means. Norms' are as they are stored. */
const AXES: Readonly<Record<string, readonly StoredAxis[]>> = {
	W_E: ["vocab", "d_model"],
	W_pos: ["pos", "d_model"],
	W_Q: ["head", "d_model", "d_head"],
	W_K: ["kv_head", "d_model", "d_head"],
	W_V: ["kv_head", "d_model", "d_head"],
	b_Q: ["head", "d_head"],
	b_K: ["kv_head", "d_head"],
	b_V: ["kv_head", "d_head"],
	W_O: ["head", "d_head", "d_model"],
	b_O: ["d_model"],
	W_in: ["d_model", "d_mlp"],
	W_gate: ["d_model", "d_mlp"],
	b_in: ["d_mlp"],
	b_gate: ["d_mlp"],
	W_out: ["d_mlp", "d_model"],
	b_out: ["d_model"],
	W_U: ["d_model", "vocab"],
	b_U: ["vocab"],
};

/** A weight by its usual name, and how it lies in the tensor that is stored. */
export interface UsualWeight {
	readonly name: string;
	readonly shape: readonly number[];
	/** The stored tensor's name and shape. */
	readonly stored: { readonly name: string; readonly shape: readonly number[] };
	/** The stored tensor's axes taken apart. */
	readonly apart: readonly { readonly axis: StoredAxis; readonly extent: number }[];
	/** Axes of the weight. */
	readonly axes: readonly StoredAxis[];
	/** Which part of the stored tensor it is. */
	readonly part: number;
	/** Where it begins on the stored tensor's first axis, and that axis' extent. Absent where it is all of it. */
	readonly rows?: readonly [start: number, of: number] | undefined;
	/** It is factor x stored + offset. */
	readonly factor: number;
	readonly offset: number;
}

/** Every weight of a model by its usual name. @throws {ModelError} for a family that does not say where they are */
export function usualWeights(family: Family, config: Dimensions): ReadonlyMap<string, UsualWeight> {
	if (!family.layout) {
		throw new ModelError(`family ${family.name} does not say where its matrices are (Family.layout)`);
	}
	const shapes = new Map(family.weights(config).map(({ name, shape }) => [name, shape]));
	return new Map(
		Object.entries(family.layout(config)).map(([name, at]) => {
			const { weight, axes, part = [0, 1], rows, factor = 1, offset = 0 } = at;
			const usual = /\.[wb]$/.test(name) ? axes : AXES[name.slice(name.lastIndexOf(".") + 1)];
			const shape = shapes.get(weight);
			if (!usual || !shape) throw new Error(`internal: ${name} of ${family.name} has no axes or no tensor`);
			const extent = (axis: StoredAxis): number => extentOf(axis, config, part[1]);
			const found: UsualWeight = {
				name,
				shape: usual.map(extent),
				stored: { name: weight, shape },
				apart: axes.map((axis) => ({ axis, extent: extent(axis) })),
				axes: usual,
				part: part[0],
				rows,
				factor: Math.fround(factor),
				offset,
			};
			return [name, found];
		}),
	);
}

/** @throws {ModelError} with the nearest names for one that the model lacks */
export function findUsual(weights: ReadonlyMap<string, UsualWeight>, name: string): UsualWeight {
	const found = weights.get(name);
	if (found) return found;
	throw new ModelError(`no weight "${name}"; nearest: ${nearest(name, [...weights.keys()], 3).join(", ")}`);
}

/**
 * A weight in its usual form as a value of the graph, made from the stored one.
 * @param axes another order of its axes. Default the usual one
 */
export function usualValue(usual: UsualWeight, axes: readonly StoredAxis[] = usual.axes): Value {
	const { stored, apart, part, rows, factor, offset } = usual;
	const [first, ...inner] = apart.map(({ extent }) => extent) as [number, ...number[]];
	const all = reshape(weight(stored.name, stored.shape), [rows?.[1] ?? first, ...inner]);
	const whole = rows ? slice(all, 0, rows[0], rows[0] + first) : all;
	const at = apart.findIndex(({ axis }) => axis === "part");
	const left = apart.filter(({ axis }) => axis !== "part");
	const chosen =
		at < 0
			? whole
			: reshape(
					slice(whole, at, part, part + 1),
					left.map(({ extent }) => extent),
				);
	const ordered = transpose(
		chosen,
		axes.map((axis) => left.findIndex((one) => one.axis === axis)),
	);
	const scaled = factor === 1 ? ordered : mul(ordered, factor);
	return offset === 0 ? scaled : add(scaled, offset);
}

/** A weight in its usual form from the stored tensor. */
export function readUsual(usual: UsualWeight, stored: Tensor<"float32">): Tensor<"float32"> {
	const { factor, offset } = usual;
	const out = new Float32Array(sizeOf(usual.shape));
	forEachPlace(usual, (at, place) => {
		const scaled = Math.fround(factor * (stored.data[place] as number));
		out[at] = offset === 0 ? scaled : scaled + offset;
	});
	return new Tensor("float32", usual.shape, out);
}

/** Writes a weight in its usual form to its place in the stored tensor's numbers. */
export function writeUsual(usual: UsualWeight, from: Tensor<"float32">, stored: Float32Array): void {
	forEachPlace(usual, (at, place) => {
		stored[place] = ((from.data[at] as number) - usual.offset) / usual.factor;
	});
}

/** For each element in the usual order, its place in the stored tensor. */
function forEachPlace(
	{ shape, axes, apart, part, rows }: UsualWeight,
	visit: (at: number, place: number) => void,
): void {
	const stepOf = (axis: StoredAxis): number => {
		const i = apart.findIndex((one) => one.axis === axis);
		return i < 0 ? 0 : sizeOf(apart.slice(i + 1).map(({ extent }) => extent));
	};
	const first = (rows?.[0] ?? 0) * sizeOf(apart.slice(1).map(({ extent }) => extent));
	// three nested loops, the outer ones of extent 1 where there are fewer axes
	const missing = Array<number>(3 - axes.length);
	const [a, b, c] = [...missing.fill(1), ...shape] as [number, number, number];
	const [da, db, dc] = [...missing.fill(0), ...axes.map(stepOf)] as [number, number, number];
	let at = 0;
	for (let i = 0; i < a; i++) {
		for (let j = 0; j < b; j++) {
			let place = first + part * stepOf("part") + i * da + j * db;
			for (let k = 0; k < c; k++, place += dc) visit(at++, place);
		}
	}
}

function extentOf(axis: StoredAxis, config: Dimensions, parts: number): number {
	const extents: Readonly<Record<StoredAxis, number>> = {
		head: config.nHeads,
		kv_head: config.nKvHeads,
		d_model: config.dModel,
		d_head: config.dHead,
		d_mlp: config.dMlp,
		vocab: config.vocab,
		pos: config.nCtx,
		part: parts,
	};
	return extents[axis];
}
