import {
	add,
	cast,
	concat,
	constant,
	cos,
	div,
	mul,
	reshape,
	sin,
	slice,
	split,
	sub,
	unsqueeze,
} from "../graph/ops/index.js";
import type { Value } from "../graph/value.js";
import { Tensor } from "../tensor/index.js";

/** Rotary position embedding (Su et al. 2021) and the ways its frequencies are stretched. */
export interface RopeConfig {
	/** Base of the frequencies. */
	readonly theta: number;
	/** Channels of each head that are rotated, from the first on; even. */
	readonly dim: number;
	/** Channels that turn together: i and i + dim / 2 ("halves", the default), or 2i and 2i + 1 ("neighbours", as the paper has them). */
	readonly pairs?: "halves" | "neighbours" | undefined;
	readonly scaling?:
		| { readonly kind: "linear"; readonly factor: number }
		| {
				/** Llama 3's interpolation by parts (Llama 3 reference code, `apply_scaling`). */
				readonly kind: "llama3";
				readonly factor: number;
				readonly lowFrequencyFactor: number;
				readonly highFrequencyFactor: number;
				readonly originalContext: number;
		  }
		| {
				/** Each frequency is divided by a number of its own, cosines and sines are multiplied by one (Ding et al. 2024, "LongRoPE"). */
				readonly kind: "longrope";
				/** [dim / 2] */
				readonly divisors: readonly number[];
				readonly amplitude: number;
		  }
		| undefined;
}

/** Angle per position of each channel pair, [dim / 2], in double precision. */
export function ropeFrequencies({ theta, dim, scaling }: RopeConfig): number[] {
	const plain = Array.from({ length: dim / 2 }, (_, i) => theta ** ((-2 * i) / dim));
	if (!scaling) return plain;
	if (scaling.kind === "linear") return plain.map((f) => f / scaling.factor);
	if (scaling.kind === "longrope") return plain.map((f, i) => f / (scaling.divisors[i] as number));
	const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
	return plain.map((f) => {
		const turns = (originalContext * f) / (2 * Math.PI);
		if (turns > high) return f;
		if (turns < low) return f / factor;
		const smooth = (turns - low) / (high - low);
		return ((1 - smooth) * f) / factor + smooth * f;
	});
}

/** Cosines and sines of a run's positions, broadcastable to [batch, pos, head, dim / 2]. */
export interface Rotation {
	readonly cos: Value;
	readonly sin: Value;
	readonly dim: number;
	/** As in `RopeConfig`. */
	readonly pairs?: "halves" | "neighbours" | undefined;
}

/**
 * @param positions int32, [pos] or [batch, pos]
 * @param factors divisors of the frequencies [dim / 2], where the weights bring them
 */
export function rotation(positions: Value, config: RopeConfig, factors?: Value): Rotation {
	const plain = constant(Tensor.from(ropeFrequencies(config)));
	const frequencies = factors ? div(plain, factors) : plain;
	const angles = mul(reshape(cast(positions, "float32"), [...positions.shape, 1, 1]), frequencies);
	const amplitude = config.scaling?.kind === "longrope" ? config.scaling.amplitude : 1;
	const scaled = (x: Value): Value => (amplitude === 1 ? x : mul(x, amplitude));
	const { dim, pairs } = config;
	return { cos: scaled(cos(angles)), sin: scaled(sin(angles)), dim, pairs };
}

/**
 * Rotates the first `dim` channels of x [batch, pos, head, d_head], pairing channel i with i + dim/2 ("rotate half", as
 * Hugging Face stores Llama weights), or neighbours.
 */
export function rotate(x: Value, { cos: c, sin: s, dim, pairs }: Rotation): Value {
	const rest = x.dim(-1) === dim ? [] : [slice(x, -1, dim)];
	if (pairs === "neighbours") return concat([rotateNeighbours(slice(x, -1, 0, dim), c, s), ...rest], -1);
	const half = dim / 2;
	const first = slice(x, -1, 0, half);
	const second = slice(x, -1, half, dim);
	return concat([sub(mul(first, c), mul(second, s)), add(mul(second, c), mul(first, s)), ...rest], -1);
}

/** x [batch, pos, head, dim] with channels 2i and 2i + 1 turned by angle i. */
function rotateNeighbours(x: Value, c: Value, s: Value): Value {
	const [batch, pos, heads, dim] = x.shape as [string, string, number, number];
	const pairs = reshape(x, [batch, pos, heads, dim / 2, 2]);
	const [first, second] = split(pairs, -1, [1, 1]).map((half) => reshape(half, [batch, pos, heads, dim / 2]));
	const [even, odd] = [first as Value, second as Value];
	const turned = [sub(mul(even, c), mul(odd, s)), add(mul(odd, c), mul(even, s))];
	return reshape(
		concat(
			turned.map((half) => unsqueeze(half, -1)),
			-1,
		),
		[batch, pos, heads, dim],
	);
}
