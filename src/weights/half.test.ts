import fc from "fast-check";
import { expect, it } from "vitest";
import { Tensor } from "../tensor/index.js";
import { halfTable, toHalf } from "./half.js";
import { readSafetensors } from "./safetensors.js";
import { writeSafetensors } from "./write-safetensors.js";

it("gives every half-precision number back", () => {
	const table = halfTable();
	const bits = toHalf(table);
	for (let i = 0; i < 0x10000; i++) {
		if (Number.isNaN(table[i])) expect(Number.isNaN(table[bits[i] as number])).toBe(true);
		else if (bits[i] !== i) expect.fail(`${i.toString(16)} became ${bits[i]?.toString(16)}`);
	}
});

it("rounds to the nearest, of two the even one", () => {
	const finite = [...halfTable()].filter(Number.isFinite);
	const nearest = (x: number): number => finite.reduce((a, b) => (Math.abs(b - x) < Math.abs(a - x) ? b : a));
	const law = fc.property(fc.float({ min: -65519, max: 65519, noNaN: true }), (x) => {
		const got = halfTable()[toHalf(Float32Array.of(x))[0] as number] as number;
		expect(Math.abs(got - x)).toBe(Math.abs(nearest(x) - x));
	});
	fc.assert(law, { numRuns: 30 });
	const ties = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 3 * 2 ** -25, 65520, 1e-10, -1e-10);
	const rounded = Array.from(toHalf(ties), (bits) => halfTable()[bits]);
	expect(rounded).toEqual([1, 1 + 2 ** -9, 0, 2 ** -23, Number.POSITIVE_INFINITY, 0, -0]);
});

it("is how half-precision safetensors files are written", async () => {
	const values = Float32Array.from({ length: 6 }, (_, i) => i / 7 - 0.4);
	const counts = Tensor.from([1, 2], "int32");
	const file = writeSafetensors(
		new Map<string, Tensor>([
			["w", new Tensor("float32", [2, 3], values)],
			["n", counts],
		]),
		{},
		{ half: true },
	);
	const { tensors } = await readSafetensors(file, "file");
	expect(tensors.get("n")).toEqual(counts);
	const table = halfTable();
	expect(tensors.get("w")?.shape).toEqual([2, 3]);
	expect(Array.from(tensors.get("w")?.data ?? [], Number)).toEqual(
		Array.from(toHalf(values), (b) => table[b]),
	);
});
