import { readFileSync } from "node:fs";
import { WeightsError } from "../../src/weights/errors.js";
import { readGgufHeader } from "../../src/weights/gguf.js";
import { GGUF_FORMATS } from "../../src/weights/gguf-dequantize.js";
import { bytesSource } from "../../src/weights/source.js";
import type { Target } from "../target.js";
import { ggufBytes, ggufFile, ggufHead } from "../write-gguf.js";

/** A file: its header, then every tensor as float32. */
export const gguf: Target = {
	sources: [
		"src/weights/gguf.ts",
		"src/weights/gguf-cursor.ts",
		"src/weights/gguf-blocks.ts",
		"src/weights/gguf-dequantize.ts",
		"src/weights/float-formats.ts",
		"src/weights/tensor-entry.ts",
	],
	refusals: [WeightsError],
	async read(input) {
		const source = bytesSource(input, "input");
		const { entries, metadata } = await readGgufHeader(source);
		for (const { dtype, shape, offset, length } of entries.values()) {
			const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
			GGUF_FORMATS.get(dtype)?.decode(await source.read(offset, length), values);
		}
		return metadata;
	},
	*seeds() {
		const tiny = new Uint8Array(readFileSync("test/reference/weights/tiny.gguf"));
		yield tiny;
		for (let length = 0; length < 700; length += 50) yield tiny.slice(0, length);
		for (const version of [1, 2, 4]) yield ggufHead(0, 0, version);
		yield* [ggufHead(2n ** 64n - 1n, 0), ggufHead(0, 99), ggufHead(9, 9)];
		const value = new Uint8Array(8);
		for (let kind = 0; kind < 14; kind++) {
			yield ggufFile([["k", kind, value]], [], 0);
			yield ggufFile([["k", 9, kind, 1n, value]], [], 0);
			yield ggufFile([["k", 9, kind, 2n ** 40n, value]], [], 0);
		}
		const nan = Uint8Array.of(0, 0, 0xc0, 0x7f);
		const texts = [
			["k", 8, "text"],
			["k", 8, 1n, Uint8Array.of(0xff)],
			["k", 6, nan],
			["k", 7, 2],
			["k", 10, 2n ** 60n],
		];
		for (const key of texts) yield ggufFile([key as never], [], 0);
		yield ggufFile(
			[
				["k", 4, 1],
				["k", 4, 1],
			],
			[],
			0,
		);
		for (const alignment of [3, 8, 16, 2 ** 20])
			yield ggufFile([["general.alignment", 4, alignment]], [], 64);
		yield ggufFile([["general.alignment", 8, "x"]], [], 64);
		for (let type = 0; type < 32; type++)
			for (const [dims, data] of [
				[[256n], 1024],
				[[32n], 128],
				[[1n], 4],
				[[3n], 0],
			] as const)
				yield ggufFile([], [{ name: "x", dims, type, offset: 0n }], data);
		const exact = { 2: 18, 3: 20, 6: 22, 7: 24, 8: 34, 0: 128, 1: 64, 28: 256, 30: 64 };
		for (const [type, data] of Object.entries(exact))
			yield ggufFile([], [{ name: "x", dims: [32n], type: Number(type), offset: 0n }], data);
		const blocks = { 10: 84, 11: 110, 12: 144, 13: 176, 14: 210 };
		for (const [type, data] of Object.entries(blocks))
			yield ggufFile([], [{ name: "x", dims: [256n], type: Number(type), offset: 0n }], data);
		const tensor = (dims: bigint[], offset = 0n) => ({ name: "x", dims, type: 0, offset });
		yield ggufFile([], [tensor([]), tensor([], 32n)], 64);
		yield ggufFile([], [tensor([1n, 1n, 1n, 1n, 1n])], 64);
		yield ggufFile([], [tensor([2n ** 63n, 2n ** 63n])], 64);
		yield ggufFile([], [tensor([1n], 2n ** 63n)], 64);
		yield ggufFile([], [tensor([1n], 64n)], 128);
		yield ggufBytes(ggufHead(0, 1), 2n ** 62n, value);
	},
};
