import { halfTable } from "./half.js";

/** A block taken apart: element i is scale[g] (q[i] - zero) + offset[g], g = floor(i / size). */
export interface Block {
	readonly q: Uint8Array;
	readonly scale: Float64Array;
	readonly offset: Float64Array;
}

/** A block type of ggml. */
export interface BlockType {
	/** Elements of a block. */
	readonly elements: number;
	/** Bytes of a block. */
	readonly bytes: number;
	/** Elements that share a scale and an offset. */
	readonly size: 16 | 32;
	/** Bits that q takes. */
	readonly bits: number;
	readonly zero: number;
	/** Whether there are offsets; without them they are 0. */
	readonly offsets: boolean;
	/** Takes the block at byte `at` apart. */
	unpack(source: Uint8Array, at: number, block: Block): void;
}

type Unpack = BlockType["unpack"];

/** Room for a block of any type, with offsets of 0. */
export function emptyBlock(): Block {
	return { q: new Uint8Array(256), scale: new Float64Array(16), offset: new Float64Array(16) };
}

/**
 * The block types of ggml (layouts: ggml-common.h of github.com/ggml-org/ggml). A block holds 32 or, for the K
 * types, 256 elements. `d` and `m` are its scale and minimum in half precision. Every product that makes a scale
 * or an offset is exact, in float32 too.
 */
export const BLOCK_TYPES: Readonly<Record<string, BlockType>> = {
	Q4_0: {
		elements: 32,
		bytes: 18,
		size: 32,
		bits: 4,
		zero: 8,
		offsets: false,
		unpack: nibbles(false, false),
	},
	Q4_1: { elements: 32, bytes: 20, size: 32, bits: 4, zero: 0, offsets: true, unpack: nibbles(true, false) },
	Q5_0: {
		elements: 32,
		bytes: 22,
		size: 32,
		bits: 5,
		zero: 16,
		offsets: false,
		unpack: nibbles(false, true),
	},
	Q5_1: { elements: 32, bytes: 24, size: 32, bits: 5, zero: 0, offsets: true, unpack: nibbles(true, true) },
	Q8_0: { elements: 32, bytes: 34, size: 32, bits: 8, zero: 128, offsets: false, unpack: unpackQ8 },
	Q2_K: { elements: 256, bytes: 84, size: 16, bits: 2, zero: 0, offsets: true, unpack: unpackQ2K },
	Q3_K: { elements: 256, bytes: 110, size: 16, bits: 3, zero: 4, offsets: false, unpack: unpackQ3K },
	Q4_K: { elements: 256, bytes: 144, size: 32, bits: 4, zero: 0, offsets: true, unpack: superNibbles(false) },
	Q5_K: { elements: 256, bytes: 176, size: 32, bits: 5, zero: 0, offsets: true, unpack: superNibbles(true) },
	Q6_K: { elements: 256, bytes: 210, size: 16, bits: 6, zero: 32, offsets: false, unpack: unpackQ6K },
};

/**
 * Q4_0, Q4_1, Q5_0, Q5_1: d, [m], [32 fifth bits], 16 bytes of which the low halves are elements
 * 0..15 and the high halves elements 16..31.
 */
function nibbles(hasMinimum: boolean, hasFifthBit: boolean): Unpack {
	const header = 2 + (hasMinimum ? 2 : 0) + (hasFifthBit ? 4 : 0);
	return (source, at, { q, scale, offset }) => {
		const half = halfTable();
		scale[0] = half[word(source, at)] as number;
		if (hasMinimum) offset[0] = half[word(source, at + 2)] as number;
		const fifth = hasFifthBit ? word(source, at + header - 4) | (word(source, at + header - 2) << 16) : 0;
		for (let i = 0; i < 16; i++) {
			const pair = source[at + header + i] as number;
			q[i] = (pair & 15) | (((fifth >>> i) & 1) << 4);
			q[i + 16] = (pair >> 4) | (((fifth >>> (i + 16)) & 1) << 4);
		}
	};
}

/** d, 32 signed bytes. */
function unpackQ8(source: Uint8Array, at: number, { q, scale }: Block): void {
	scale[0] = halfTable()[word(source, at)] as number;
	for (let i = 0; i < 32; i++) q[i] = (source[at + 2 + i] as number) ^ 128;
}

/**
 * 16 bytes of scale (low half) and minimum (high half), one for each 16 elements; 64 bytes of
 * four 2-bit numbers; d, m. In each half of the block, number k of a byte belongs to elements 32k..32k+31.
 */
function unpackQ2K(source: Uint8Array, at: number, { q, scale, offset }: Block): void {
	const half = halfTable();
	const d = half[word(source, at + 80)] as number;
	const m = half[word(source, at + 82)] as number;
	for (let group = 0; group < 16; group++) {
		const packed = source[at + group] as number;
		scale[group] = d * (packed & 15);
		offset[group] = -m * (packed >> 4);
		const bytes = at + 16 + 32 * (group >> 3) + 16 * (group & 1);
		const shift = 2 * ((group >> 1) & 3);
		for (let i = 0; i < 16; i++) q[16 * group + i] = ((source[bytes + i] as number) >> shift) & 3;
	}
}

/**
 * 32 bytes of third bits, 64 bytes of two low bits (placed as in Q2_K), 12 bytes of sixteen 6-bit
 * scales (low four bits in the first 8 bytes, high two in the last 4), d.
 */
function unpackQ3K(source: Uint8Array, at: number, { q, scale }: Block): void {
	const d = halfTable()[word(source, at + 108)] as number;
	const packed = at + 96;
	for (let group = 0; group < 16; group++) {
		const low = ((source[packed + (group & 7)] as number) >> (group < 8 ? 0 : 4)) & 15;
		const high = ((source[packed + 8 + (group & 3)] as number) >> (2 * (group >> 2))) & 3;
		scale[group] = d * ((low | (high << 4)) - 32);
		const thirds = at + 16 * (group & 1);
		const bytes = at + 32 + 32 * (group >> 3) + 16 * (group & 1);
		const shift = 2 * ((group >> 1) & 3);
		for (let i = 0; i < 16; i++) {
			const third = ((source[thirds + i] as number) >> (group >> 1)) & 1;
			q[16 * group + i] = (((source[bytes + i] as number) >> shift) & 3) | (third << 2);
		}
	}
}

/**
 * Q4_K, Q5_K: d, m, 12 bytes of eight 6-bit scales and eight 6-bit minimums, [32 bytes of fifth
 * bits], 128 bytes of which each run of 32 holds two groups: low halves first, then high halves.
 */
function superNibbles(hasFifthBit: boolean): Unpack {
	const header = hasFifthBit ? 48 : 16;
	return (source, at, { q, scale, offset }) => {
		const half = halfTable();
		const d = half[word(source, at)] as number;
		const m = half[word(source, at + 2)] as number;
		for (let group = 0; group < 8; group++) {
			scale[group] = d * sixBits(source, at + 4, 0, group);
			offset[group] = -m * sixBits(source, at + 4, 1, group);
			const bytes = at + header + 32 * (group >> 1);
			const shift = 4 * (group & 1);
			for (let i = 0; i < 32; i++) {
				const fifth = hasFifthBit ? (((source[at + 16 + i] as number) >> group) & 1) << 4 : 0;
				q[32 * group + i] = (((source[bytes + i] as number) >> shift) & 15) | fifth;
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
function unpackQ6K(source: Uint8Array, at: number, { q, scale }: Block): void {
	const d = halfTable()[word(source, at + 208)] as number;
	for (let group = 0; group < 16; group++) {
		scale[group] = d * signed(source[at + 192 + group] as number);
		const run = (group >> 1) & 3;
		const lows = at + 64 * (group >> 3) + 32 * (run & 1) + 16 * (group & 1);
		const highs = at + 128 + 32 * (group >> 3) + 16 * (group & 1);
		for (let i = 0; i < 16; i++) {
			const low = ((source[lows + i] as number) >> (4 * (run >> 1))) & 15;
			const high = ((source[highs + i] as number) >> (2 * run)) & 3;
			q[16 * group + i] = low | (high << 4);
		}
	}
}

function word(bytes: Uint8Array, at: number): number {
	return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function signed(byte: number): number {
	return (byte << 24) >> 24;
}
