import { describe, expect, test } from "vitest";
import { paletteFor } from "./palette.js";

type Rgb = readonly [number, number, number];
type Matrix = readonly [Rgb, Rgb, Rgb];

/** What somebody sees who lacks a kind of cone, in linear light: Machado, Oliveira and Fernandes 2009, severity 1. */
const EYES: Readonly<Record<string, Matrix>> = {
	"all cones": [
		[1, 0, 0],
		[0, 1, 0],
		[0, 0, 1],
	],
	protanopia: [
		[0.152286, 1.052583, -0.204868],
		[0.114503, 0.786281, 0.099216],
		[-0.003882, -0.048116, 1.051998],
	],
	deuteranopia: [
		[0.367322, 0.860646, -0.227968],
		[0.280085, 0.672501, 0.047413],
		[-0.01182, 0.04294, 0.968881],
	],
	tritanopia: [
		[1.255528, -0.076749, -0.178779],
		[-0.078411, 0.930809, 0.147602],
		[0.004733, 0.691367, 0.3039],
	],
};

/** The palette in CIE L*a*b* (D65), as an eye sees it. */
function seen(palette: Uint32Array, eye: Matrix): Rgb[] {
	return Array.from(palette, (word) => {
		const linear = [word & 255, (word >> 8) & 255, (word >> 16) & 255].map((part) => {
			const share = part / 255;
			return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
		});
		const [r, g, b] = eye.map((row) =>
			Math.min(
				1,
				Math.max(
					0,
					row.reduce((sum, factor, i) => sum + factor * (linear[i] as number), 0),
				),
			),
		) as unknown as Rgb;
		const [x, y, z] = [
			(0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
			0.2126 * r + 0.7152 * g + 0.0722 * b,
			(0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
		].map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)) as unknown as Rgb;
		return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
	});
}

const distance = (a: Rgb, b: Rgb): number => Math.hypot(...a.map((part, i) => part - (b[i] as number)));
/** Whether lightness goes one way, but for what rounding to 8 bits does. */
const isMonotone = (colours: readonly Rgb[], up: boolean): boolean =>
	colours.every(([l], i) => i === 0 || (up ? 1 : -1) * (l - (colours[i - 1] as Rgb)[0]) > -0.3);

describe.each([
	["light", false],
	["dark", true],
] as const)("the %s palettes", (_, dark) => {
	test.each(Object.keys(EYES))("tell values apart with %s", (name) => {
		const eye = EYES[name] as Matrix;
		const shares = seen(paletteFor(dark), eye);
		expect(isMonotone(shares, dark)).toBe(true);
		expect(distance(shares[0] as Rgb, shares[255] as Rgb)).toBeGreaterThan(50);

		const around = seen(paletteFor(dark, true), eye);
		const [below, above] = [around.slice(0, 128), around.slice(128)];
		// from the ground in the middle, which is 0, away in both directions
		expect(isMonotone(below, !dark)).toBe(true);
		expect(isMonotone(above, dark)).toBe(true);
		// and the same size on either side of 0 is another colour
		for (const share of [0.5, 0.75, 1]) {
			const at = Math.round(127 * share);
			expect(distance(around[127 - at] as Rgb, around[128 + at] as Rgb)).toBeGreaterThan(20);
		}
	});
});
