import { add, cast, concat, constant, cos, div, mul, reshape, sin, slice, sub } from "../graph/ops/index.js";
import type { Value } from "../graph/value.js";
import { Tensor } from "../tensor/index.js";

/** Rotary position embedding (Su et al. 2021) and the ways its frequencies are stretched. */
export interface RopeConfig {
	/** Base of the frequencies. */
	readonly theta: number;
	/** Channels of each head that are rotated, from the first on; even. */
	readonly dim: number;
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
		| undefined;
}

/** Angle per position of each channel pair, [dim / 2], in double precision. */
export function ropeFrequencies({ theta, dim, scaling }: RopeConfig): number[] {
	const plain = Array.from({ length: dim / 2 }, (_, i) => theta ** ((-2 * i) / dim));
	if (!scaling) return plain;
	if (scaling.kind === "linear") return plain.map((f) => f / scaling.factor);
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
}

/**
 * @param positions int32, [pos] or [batch, pos]
 * @param factors divisors of the frequencies [dim / 2], where the weights bring them
 */
export function rotation(positions: Value, config: RopeConfig, factors?: Value): Rotation {
	const plain = constant(Tensor.from(ropeFrequencies(config)));
	const frequencies = factors ? div(plain, factors) : plain;
	const angles = mul(reshape(cast(positions, "float32"), [...positions.shape, 1, 1]), frequencies);
	return { cos: cos(angles), sin: sin(angles), dim: config.dim };
}

/**
 * Rotates the first `dim` channels of x [batch, pos, head, d_head], pairing channel i with i + dim/2
 * ("rotate half", as Hugging Face stores Llama weights).
 */
export function rotate(x: Value, { cos: c, sin: s, dim }: Rotation): Value {
	const half = dim / 2;
	const first = slice(x, -1, 0, half);
	const second = slice(x, -1, half, dim);
	const turned = [sub(mul(first, c), mul(second, s)), add(mul(second, c), mul(first, s))];
	const rest = x.dim(-1) === dim ? [] : [slice(x, -1, dim)];
	return concat([...turned, ...rest], -1);
}
