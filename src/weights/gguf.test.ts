import { readFileSync } from "node:fs";
import { gguf as libraryGguf } from "@huggingface/gguf";
import { describe, expect, test } from "vitest";
import { smollm2 } from "../../test/real-models.js";
import { difference } from "../tensor/index.js";
import { WeightsError } from "./errors.js";
import { fileSource } from "./file-source-node.js";
import { readGgufHeader } from "./gguf.js";
import { loadWeights } from "./load-weights.js";
import { readSafetensors } from "./safetensors.js";
import { bytesSource, type Source } from "./source.js";

const TINY = "test/reference/weights/tiny.gguf";
const tiny = new Uint8Array(readFileSync(TINY));

/** Builds a GGUF file piece by piece; numbers are as wide as the format wants them. */
class Builder {
	private readonly parts: number[] = [];
	u32(...values: number[]): this {
		for (const value of values) this.parts.push(...new Uint8Array(new Uint32Array([value]).buffer));
		return this;
	}
	u64(...values: (number | bigint)[]): this {
		for (const value of values)
			this.parts.push(...new Uint8Array(new BigUint64Array([BigInt(value)]).buffer));
		return this;
	}
	text(text: string | number[]): this {
		const bytes = typeof text === "string" ? [...new TextEncoder().encode(text)] : text;
		this.u64(bytes.length).parts.push(...bytes);
		return this;
	}
	zeros(count: number): this {
		this.parts.push(...Array<number>(count).fill(0));
		return this;
	}
	pad(): this {
		return this.zeros((32 - (this.parts.length % 32)) % 32);
	}
	get bytes(): Uint8Array {
		return Uint8Array.from(this.parts);
	}
}

const MAGIC = 0x46554747;
const head = (tensors: number | bigint, keys: number | bigint, version = 3): Builder =>
	new Builder().u32(MAGIC, version).u64(tensors, keys);
/** One tensor called "x": its dims as the file lists them, its ggml type, its offset. */
const tensor = (dims: (number | bigint)[], type: number, offset: number | bigint): Builder =>
	head(1, 0)
		.text("x")
		.u32(dims.length)
		.u64(...dims)
		.u32(type)
		.u64(offset)
		.pad();

describe("a file of every value type", () => {
	test("gives the metadata that was written", async () => {
		const { metadata } = await readGgufHeader(bytesSource(tiny));
		expect({ ...metadata }).toEqual({
			"general.architecture": "llama",
			...{ "t.u8": 200, "t.i8": -100, "t.u16": 60000, "t.i16": -30000, "t.u32": 4000000000 },
			...{ "t.i32": -2000000000, "t.f32": 0.5, "t.bool": true, "t.string": "zwölf Boxkämpfer" },
			...{ "t.u64": 2n ** 53n + 2n, "t.i64": -5, "t.f64": 0.1 },
			...{ "t.strings": ["a", "", "ß", "long enough to be a word"], "t.ints": [1, -2, 3] },
			...{ "t.floats": [0.5, -1.5], "t.bools": [true, false] },
		});
	});

	test("gives the tensors that were written, outermost axis first", async () => {
		const { entries } = await readGgufHeader(bytesSource(tiny));
		const { tensors } = await readSafetensors(readFileSync("test/reference/weights/blocks.safetensors"));
		const weights = await loadWeights({
			files: [{ path: TINY }],
			tensors: [...entries].map(([name, { shape }]) => ({ name, file: 0, entry: name, shape })),
		});
		expect([...weights.keys()]).toEqual(["f32", "f16", "bf16", "q8", "q4", "q4k"]);
		for (const [name, got] of weights) {
			const expected = tensors.get(`tiny.${name}`);
			if (!expected) throw new Error(`no tiny.${name}`);
			expect(difference(got, expected).maxAbs, name).toBe(0);
		}
	});
});

/** The header as @huggingface/gguf reads it, in our terms. */
async function libraryHeader(source: Source): Promise<{ metadata: object; entries: unknown[] }> {
	const size = await source.size();
	const ranged = async (_: unknown, init?: RequestInit): Promise<Response> => {
		const range = new Headers(init?.headers).get("range") ?? "";
		const [first = 0, last = 0] = [...range.matchAll(/\d+/g)].map(Number);
		const bytes = await source.read(first, Math.max(0, Math.min(last + 1, size) - first));
		return new Response(new Uint8Array(bytes), { headers: { "content-range": `bytes ${range}/${size}` } });
	};
	const header = await libraryGguf("http://file.gguf", { fetch: ranged as typeof fetch });
	const {
		version: _v,
		tensor_count: _t,
		kv_count: _k,
		...metadata
	} = header.metadata as Record<string, unknown>;
	const entries = header.tensorInfos.map((info) => [
		info.name,
		info.shape.map(Number).reverse(),
		Number(header.tensorDataOffset + info.offset),
	]);
	return { metadata, entries };
}

describe("the header equals what @huggingface/gguf reads", () => {
	const compare = async (source: Source): Promise<void> => {
		const ours = await readGgufHeader(source);
		const theirs = await libraryHeader(source);
		expect(Object.keys(ours.metadata)).toEqual(Object.keys(theirs.metadata));
		const plain = (value: unknown): unknown =>
			JSON.stringify(value, (_, v) => (typeof v === "bigint" ? Number(v) : v));
		expect(plain(ours.metadata)).toEqual(plain(theirs.metadata));
		expect([...ours.entries].map(([name, e]) => [name, e.shape, e.offset])).toEqual(theirs.entries);
	};

	test("of the small file", () => compare(bytesSource(tiny)));

	test.skipIf(smollm2.reason)(`of SmolLM2-135M ${smollm2.reason ?? ""}`, async () => {
		const source = fileSource(smollm2.path ?? "");
		await compare(source);
		await source.close?.();
	});
});

const key = (kind: number): Builder => head(0, 1).text("k").u32(kind);

/** What is wrong, the file, and what the error says. */
const LIES: readonly (readonly [string, Uint8Array, RegExp])[] = [
	["another magic", new Builder().u32(1, 3).u64(0, 0).bytes, /begins with "GGUF"/],
	["version 1", head(0, 0, 1).bytes, /version 1, allowed 2 and 3/],
	["big-endian", head(0, 0, 0x03000000).bytes, /version 50331648/],
	[
		"a count of 2^64 - 1 tensors",
		head(2n ** 64n - 1n, 0).bytes,
		/tensor count 18446744073709551615, allowed up to 0/,
	],
	["a count of keys beyond the file", head(0, 9).zeros(100).bytes, /key count 9, allowed up to 7/],
	[
		"a name beyond the file",
		head(0, 1)
			.u64(2n ** 62n)
			.zeros(20).bytes,
		/name of metadata key 0 has length \d+, allowed up to 20/,
	],
	["an unknown value type", key(13).zeros(8).bytes, /metadata "k" has value type 13, allowed 0\.\.12/],
	["an array of arrays", key(9).u32(9).u64(1).zeros(20).bytes, /array of arrays/],
	[
		"an array beyond the file",
		key(9).u32(8).u64(10).zeros(79).bytes,
		/"k" has array length 10, allowed up to 9/,
	],
	[
		"an absurd array",
		key(9)
			.u32(0)
			.u64(2n ** 40n)
			.zeros(9).bytes,
		/array length 1099511627776, allowed up to 9/,
	],
	["NaN", key(6).u32(0x7fc00000).bytes, /metadata "k" is NaN/],
	["NaN in an array", key(9).u32(6).u64(1).u32(0x7fc00000).bytes, /metadata "k" is NaN/],
	["a boolean of 2", key(7).u32(2).bytes, /boolean with value 2/],
	["a string that is not UTF-8", key(8).text([0xff]).bytes, /metadata "k" is not UTF-8/],
	["a key twice", head(0, 2).text("k").u32(4, 1).text("k").u32(4, 1).bytes, /metadata "k" occurs twice/],
	[
		"alignment 3",
		head(0, 1).text("general.alignment").u32(4, 3).bytes,
		/general\.alignment 3, allowed a multiple of 8/,
	],
	["the end inside a value", key(4).bytes, /goes beyond byte/],
	[
		"a tensor twice",
		head(2, 0).text("x").u32(0, 0).u64(0).text("x").u32(0, 0).u64(32).pad().zeros(64).bytes,
		/tensor "x" occurs twice/,
	],
	["five axes", tensor([1, 1, 1, 1, 1], 0, 0).zeros(4).bytes, /5 axes, allowed up to 4/],
	[
		"an unknown ggml type",
		tensor([4], 23, 0).zeros(32).bytes,
		/ggml type 23, which is not read; read are F32/,
	],
	["an absurd shape", tensor([2n ** 63n, 2n ** 63n], 0, 0).zeros(4).bytes, /absurd shape/],
	[
		"rows that are not whole blocks",
		tensor([31], 2, 0).zeros(32).bytes,
		/rows of 31 elements, allowed multiples of 32/,
	],
	["an absurd offset", tensor([4], 0, 2n ** 63n).zeros(16).bytes, /absurd offset/],
	["an offset elsewhere", tensor([4], 0, 32).zeros(64).bytes, /leaves a gap after the header/],
	["tensors beyond the file", tensor([64], 0, 0).zeros(255).bytes, /ends at byte 320, the file has 319/],
];

describe("a lying file", () => {
	test.each(LIES)("%s is refused with one line", async (_, file, message) => {
		const read = readGgufHeader(bytesSource(file, "lie.gguf"));
		await expect(read).rejects.toThrow(WeightsError);
		await expect(read).rejects.toThrow(message);
		await expect(read).rejects.toThrow(/^lie\.gguf: [^\n\r\u2028]*$/);
	});

	test("the builder makes files that are read when they tell the truth", async () => {
		const file = tensor([2, 4], 0, 0).zeros(32).bytes;
		const { entries } = await readGgufHeader(bytesSource(file));
		expect(entries.get("x")).toEqual({ dtype: "F32", shape: [4, 2], offset: 96, length: 32 });
	});
});
