import { halfTable } from "./half.js";

/** How a stored element type becomes float32. */
export interface FloatFormat {
	/** Elements of one block; 1 for plain types. */
	readonly elements: number;
	/** Bytes of one block. */
	readonly bytes: number;
	/** Decodes `target.length / elements` blocks. `source` has exactly their bytes, at any alignment. */
	decode(source: Uint8Array, target: Float32Array): void;
}

type Decode = FloatFormat["decode"];

/**
 * The block types of ggml as float32 (layouts: ggml-common.h of github.com/ggml-org/ggml). A block
 * holds 32 or, for the K types, 256 elements. `d` and `m` are its scale and minimum in half
 * precision. Every product below is exact in double precision, so the only rounding is the store
 * into float32 and the result has one right value, bit for bit.
 */
export const DEQUANTIZERS: readonly (readonly [string, FloatFormat])[] = [
	["Q4_0", { elements: 32, bytes: 18, decode: nibbles(false, false) }],
	["Q4_1", { elements: 32, bytes: 20, decode: nibbles(true, false) }],
	["Q5_0", { elements: 32, bytes: 22, decode: nibbles(false, true) }],
	["Q5_1", { elements: 32, bytes: 24, decode: nibbles(true, true) }],
	["Q8_0", { elements: 32, bytes: 34, decode: decodeQ8 }],
	["Q2_K", { elements: 256, bytes: 84, decode: decodeQ2K }],
	["Q3_K", { elements: 256, bytes: 110, decode: decodeQ3K }],
	["Q4_K", { elements: 256, bytes: 144, decode: superNibbles(false) }],
	["Q5_K", { elements: 256, bytes: 176, decode: superNibbles(true) }],
	["Q6_K", { elements: 256, bytes: 210, decode: decodeQ6K }],
];

/**
 * Q4_0, Q4_1, Q5_0, Q5_1: d, [m], [32 fifth bits], 16 bytes of which the low halves are elements
 * 0..15 and the high halves elements 16..31. Without a stored minimum the numbers are centred on zero.
 */
function nibbles(hasMinimum: boolean, hasFifthBit: boolean): Decode {
	const header = 2 + (hasMinimum ? 2 : 0) + (hasFifthBit ? 4 : 0);
	const centre = hasFifthBit ? 16 : 8;
	return (source, target) => {
		const half = halfTable();
		for (let at = 0, out = 0; out < target.length; at += header + 16, out += 32) {
			const d = half[word(source, at)] as number;
			const m = hasMinimum ? (half[word(source, at + 2)] as number) : -centre * d;
			const fifth = hasFifthBit ? word(source, at + header - 4) | (word(source, at + header - 2) << 16) : 0;
			for (let i = 0; i < 16; i++) {
				const pair = source[at + header + i] as number;
				const low = (pair & 15) | (((fifth >>> i) & 1) << 4);
				const high = (pair >> 4) | (((fifth >>> (i + 16)) & 1) << 4);
				target[out + i] = low * d + m;
				target[out + i + 16] = high * d + m;
			}
		}
	};
}

/** d, 32 signed bytes. */
function decodeQ8(source: Uint8Array, target: Float32Array): void {
	const half = halfTable();
	for (let at = 0, out = 0; out < target.length; at += 34, out += 32) {
		const d = half[word(source, at)] as number;
		for (let i = 0; i < 32; i++) target[out + i] = signed(source[at + 2 + i] as number) * d;
	}
}

/**
 * 16 bytes of scale (low half) and minimum (high half), one for each 16 elements; 64 bytes of
 * four 2-bit numbers; d, m. In each half of the block, number k of a byte belongs to elements 32k..32k+31.
 */
function decodeQ2K(source: Uint8Array, target: Float32Array): void {
	const half = halfTable();
	for (let at = 0, out = 0; out < target.length; at += 84, out += 256) {
		const d = half[word(source, at + 80)] as number;
		const m = half[word(source, at + 82)] as number;
		for (let group = 0; group < 16; group++) {
			const scale = source[at + group] as number;
			const step = d * (scale & 15);
			const low = m * (scale >> 4);
			const bytes = at + 16 + 32 * (group >> 3) + 16 * (group & 1);
			const shift = 2 * ((group >> 1) & 3);
			for (let i = 0; i < 16; i++) {
				const q = ((source[bytes + i] as number) >> shift) & 3;
				target[out + 16 * group + i] = step * q - low;
			}
		}
	}
}

/**
 * 32 bytes of third bits, 64 bytes of two low bits (placed as in Q2_K), 12 bytes of sixteen 6-bit
 * scales (low four bits in the first 8 bytes, high two in the last 4), d. A third bit that is *not*
 * set subtracts 4.
 */
function decodeQ3K(source: Uint8Array, target: Float32Array): void {
	const half = halfTable();
	for (let at = 0, out = 0; out < target.length; at += 110, out += 256) {
		const d = half[word(source, at + 108)] as number;
		for (let group = 0; group < 16; group++) {
			const packed = at + 96;
			const low = ((source[packed + (group & 7)] as number) >> (group < 8 ? 0 : 4)) & 15;
			const high = ((source[packed + 8 + (group & 3)] as number) >> (2 * (group >> 2))) & 3;
			const step = d * ((low | (high << 4)) - 32);
			const thirds = at + 16 * (group & 1);
			const bytes = at + 32 + 32 * (group >> 3) + 16 * (group & 1);
			const shift = 2 * ((group >> 1) & 3);
			for (let i = 0; i < 16; i++) {
				const third = ((source[thirds + i] as number) >> (group >> 1)) & 1;
				const q = (((source[bytes + i] as number) >> shift) & 3) - (third ? 0 : 4);
				target[out + 16 * group + i] = step * q;
			}
		}
	}
}

/**
 * Q4_K, Q5_K: d, m, 12 bytes of eight 6-bit scales and eight 6-bit minimums, [32 bytes of fifth
 * bits], 128 bytes of which each run of 32 holds two groups: low halves first, then high halves.
 */
function superNibbles(hasFifthBit: boolean): Decode {
	const header = hasFifthBit ? 48 : 16;
	return (source, target) => {
		const half = halfTable();
		for (let at = 0, out = 0; out < target.length; at += header + 128, out += 256) {
			const d = half[word(source, at)] as number;
			const m = half[word(source, at + 2)] as number;
			for (let group = 0; group < 8; group++) {
				const step = d * sixBits(source, at + 4, 0, group);
				const low = m * sixBits(source, at + 4, 1, group);
				const bytes = at + header + 32 * (group >> 1);
				const shift = 4 * (group & 1);
				for (let i = 0; i < 32; i++) {
					let q = ((source[bytes + i] as number) >> shift) & 15;
					if (hasFifthBit) q |= (((source[at + 16 + i] as number) >> group) & 1) << 4;
					target[out + 32 * group + i] = step * q - low;
				}
			}
		}
	};
}

/**
 * Number `group` of the eight scales (`kind` 0) or minimums (`kind` 1) packed into 12 bytes. The first
 * four are the low six bits of bytes 0..3 (scales) or 4..7 (minimums). The other four have their high
 * two bits on top of those, and their low four in the low or high halves of bytes 8..11.
 */
function sixBits(source: Uint8Array, packed: number, kind: 0 | 1, group: number): number {
	const byte = source[packed + 4 * kind + (group & 3)] as number;
	if (group < 4) return byte & 63;
	const low = ((source[packed + 4 + group] as number) >> (4 * kind)) & 15;
	return low | ((byte >> 6) << 4);
}

/**
 * 128 bytes of low four bits, 64 bytes of high two bits, 16 signed scales, d; in each half of the
 * block the low bits are two runs of 64 elements and the high bits four runs of 32.
 */
function decodeQ6K(source: Uint8Array, target: Float32Array): void {
	const half = halfTable();
	for (let at = 0, out = 0; out < target.length; at += 210, out += 256) {
		const d = half[word(source, at + 208)] as number;
		for (let group = 0; group < 16; group++) {
			const step = d * signed(source[at + 192 + group] as number);
			const run = (group >> 1) & 3;
			const lows = at + 64 * (group >> 3) + 32 * (run & 1) + 16 * (group & 1);
			const highs = at + 128 + 32 * (group >> 3) + 16 * (group & 1);
			for (let i = 0; i < 16; i++) {
				const low = ((source[lows + i] as number) >> (4 * (run >> 1))) & 15;
				const high = ((source[highs + i] as number) >> (2 * run)) & 3;
				target[out + 16 * group + i] = step * ((low | (high << 4)) - 32);
			}
		}
	}
}

function word(bytes: Uint8Array, at: number): number {
	return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function signed(byte: number): number {
	return (byte << 24) >> 24;
}
