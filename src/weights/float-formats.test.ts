import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { difference, Tensor } from "../tensor/index.js";
import { GGUF_FORMATS } from "./gguf-dequantize.js";
import { readSafetensors } from "./safetensors.js";

// what the Python package gguf makes of the same blocks: see test/reference/weights/make_weights.py
const golden = await readSafetensors(readFileSync("test/reference/weights/blocks.safetensors"));

function get(name: string): Tensor {
	const tensor = golden.tensors.get(name);
	if (!tensor) throw new Error(`the golden has no ${name}`);
	return tensor;
}

function decode(type: string, bytes: Uint8Array, count: number): Tensor {
	const target = new Float32Array(count);
	GGUF_FORMATS.get(type)?.decode(bytes, target);
	return new Tensor("float32", [count], target);
}

function bitsOf(name: string): Uint8Array {
	return new Uint8Array(Int16Array.from(get(name).data as Int32Array).buffer);
}

const QUANTIZED = [...GGUF_FORMATS].filter(([, format]) => format.elements > 1);

describe("block types", () => {
	test.each(QUANTIZED)("%s equals the gguf package bit for bit", (type, format) => {
		const expected = get(`${type}.values`);
		const blocks = Uint8Array.from(get(`${type}.blocks`).data as Int32Array);
		expect(blocks.length).toBe((expected.size / format.elements) * format.bytes);
		expect(difference(decode(type, blocks, expected.size), expected).maxAbs).toBe(0);
		expect(difference(expected, Tensor.zeros(expected.shape)).maxAbs).toBeGreaterThan(0.01);
	});

	test.each(QUANTIZED)("%s reads bytes at odd places of a larger array", (type) => {
		const blocks = Uint8Array.from(get(`${type}.blocks`).data as Int32Array);
		const shifted = new Uint8Array(blocks.length + 9);
		shifted.set(blocks, 3);
		const expected = get(`${type}.values`);
		const view = shifted.subarray(3, 3 + blocks.length);
		expect(difference(decode(type, view, expected.size), expected).maxAbs).toBe(0);
	});

	test("every type that a GGUF header may have is here", () => {
		expect(QUANTIZED.map(([type]) => type)).toEqual([
			...["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"],
		]);
	});
});

describe("plain types", () => {
	test("every finite half-precision number", () => {
		const expected = get("half.values");
		expect(difference(decode("F16", bitsOf("half.bits"), expected.size), expected).maxAbs).toBe(0);
	});

	test("half-precision infinities and NaN", () => {
		const bytes = new Uint8Array(new Uint16Array([0x7c00, 0xfc00, 0x7e00, 0x8000]).buffer);
		const values = [...(decode("F16", bytes, 4).data as Float32Array)];
		expect(values).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, -0]);
	});

	test("bfloat16, at an odd place too", () => {
		const expected = get("bfloat.values");
		const bits = bitsOf("bfloat.bits");
		const shifted = new Uint8Array(bits.length + 1);
		shifted.set(bits, 1);
		expect(difference(decode("BF16", bits, expected.size), expected).maxAbs).toBe(0);
		expect(difference(decode("BF16", shifted.subarray(1), expected.size), expected).maxAbs).toBe(0);
	});

	test("float64 is rounded to float32", () => {
		const bytes = new Uint8Array(new Float64Array([0.1, -3e-40, 7]).buffer);
		expect([...decode("F64", bytes, 3).data]).toEqual([0.1, -3e-40, 7].map(Math.fround));
	});
});
