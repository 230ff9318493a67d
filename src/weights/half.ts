let table: Float32Array | undefined;

/**
 * The float32 value of each of the 65536 half-precision (IEEE 754 binary16) bit patterns.
 * A lookup is several times faster than taking the number apart, and the table is 256 kB.
 */
export function halfTable(): Float32Array {
	table ??= Float32Array.from({ length: 0x10000 }, (_, bits) => {
		const sign = bits & 0x8000 ? -1 : 1;
		const exponent = (bits >> 10) & 0x1f;
		const fraction = (bits & 0x3ff) / 0x400;
		if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
		return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
	});
	return table;
}

/** Half-precision bit patterns of float32 values: the nearest, of two equally near the one with an even last bit. */
export function toHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
	const words = new Uint32Array(Float32Array.from(values).buffer);
	return Uint16Array.from(words, (word) => {
		const sign = (word >>> 16) & 0x8000;
		const exponent = ((word >>> 23) & 0xff) - 112;
		if (exponent === 0xff - 112) return sign | 0x7c00 | (word & 0x7fffff ? 0x200 : 0);
		// the fraction with its leading 1, to be cut behind the last bit that is kept
		const fraction = (word & 0x7fffff) | 0x800000;
		const cut = exponent > 0 ? 13 : 14 - exponent;
		if (cut > 24) return sign;
		const kept = fraction >>> cut;
		const rest = fraction & (2 ** cut - 1);
		const up = rest > 2 ** (cut - 1) || (rest === 2 ** (cut - 1) && kept % 2 === 1) ? 1 : 0;
		// a carry out of the fraction goes on into the exponent, as it should
		const bits = kept + up + (exponent > 0 ? (exponent - 1) * 0x400 : 0);
		return sign | Math.min(bits, 0x7c00);
	});
}
