import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allocate, DTYPES, type DType, Random, setAt, sizeOf, Tensor } from "../tensor/index.js";
import { WeightsError } from "./errors.js";
import { readSafetensors, readSafetensorsHeader } from "./safetensors.js";
import { saveSafetensors } from "./save-safetensors-node.js";
import { bytesSource } from "./source.js";
import { writeSafetensors } from "./write-safetensors.js";

/** A file with the header text as given, of its true length, and `data` bytes behind it. */
function fileOf(header: string | Uint8Array, data: number, length?: bigint): Uint8Array {
	const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
	const file = new Uint8Array(8 + json.length + data);
	new DataView(file.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
	file.set(json, 8);
	return file;
}

function randomTensor(dtype: DType, shape: readonly number[], seed: number): Tensor {
	const random = new Random(seed);
	const data = allocate(dtype, sizeOf(shape));
	for (let i = 0; i < data.length; i++) {
		setAt(
			data,
			i,
			dtype === "bool"
				? random.integer(0, 2)
				: (random.integer(-1000, 1000) / (dtype.startsWith("f") ? 7 : 1)) | 0,
		);
	}
	return new Tensor(dtype, shape, data);
}

const anyTensor = fc
	.tuple(fc.constantFrom(...DTYPES), fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), fc.nat())
	.map(([dtype, shape, seed]) => randomTensor(dtype, shape, seed));

describe("write and read", () => {
	test("give back names, dtypes, shapes, values and metadata", async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.dictionary(fc.string({ unit: "grapheme" }), anyTensor, { maxKeys: 6, noNullPrototype: true }),
				fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true }),
				async (record, metadata) => {
					const tensors = new Map(Object.entries(record));
					const back = await readSafetensors(writeSafetensors(tensors, metadata));
					expect(back.tensors).toEqual(tensors);
					expect(back.metadata).toEqual(metadata);
				},
			),
		);
	});

	test("every tensor lies at a multiple of its element size", async () => {
		const tensors = new Map<string, Tensor>([
			["flag", randomTensor("bool", [3], 1)],
			["half", randomTensor("float32", [5], 2)],
			["long", randomTensor("int64", [2], 3)],
		]);
		const { entries } = await readSafetensorsHeader(bytesSource(writeSafetensors(tensors)));
		expect((entries.get("long")?.offset ?? 1) % 8).toBe(0);
		expect((entries.get("half")?.offset ?? 1) % 4).toBe(0);
	});

	test("a file on disk has the same bytes and no other file is left", async () => {
		const folder = mkdtempSync(join(tmpdir(), "headscope-"));
		const tensors = new Map([["x", randomTensor("float32", [50, 3], 4)]]);
		await saveSafetensors(join(folder, "a.safetensors"), tensors, { by: "test" });
		expect(new Uint8Array(readFileSync(join(folder, "a.safetensors")))).toEqual(
			writeSafetensors(tensors, { by: "test" }),
		);
		expect(readdirSync(folder)).toEqual(["a.safetensors"]);
		rmSync(folder, { recursive: true });
	});

	test("a place that cannot be written is an error of one line that names it", async () => {
		const path = join(tmpdir(), "headscope-no-such-folder", "a.safetensors");
		await expect(saveSafetensors(path, new Map())).rejects.toThrow(
			/^\S*headscope-no-such-folder.a\.safetensors: cannot be written: ENOENT[^\n]*$/,
		);
	});

	test("small stored integers become int32", async () => {
		const file = fileOf(
			'{"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U16","shape":[1],"data_offsets":[2,4]}}',
			4,
		);
		file.set([255, 1, 255, 255], file.length - 4);
		const { tensors } = await readSafetensors(file);
		expect(tensors.get("a")).toEqual(Tensor.from([-1, 1], "int32"));
		expect(tensors.get("b")).toEqual(Tensor.from([65535], "int32"));
	});
});

const f32 = (shape: string, offsets: string): string =>
	`{"dtype":"F32","shape":${shape},"data_offsets":${offsets}}`;

/** What is wrong, the file, and what the error says. */
const LIES: readonly (readonly [string, Uint8Array, RegExp])[] = [
	["an empty file", new Uint8Array(0), /8 bytes of length, this file has 0/],
	["a length beyond the file", fileOf("{}", 0, 3n), /header length 3, allowed 2\.\.2/],
	["a huge length", fileOf("{}", 0, 2n ** 64n - 1n), /header length 18446744073709552000, allowed 2\.\.2/],
	["a length of 0", fileOf("{}", 0, 0n), /header length 0/],
	["not JSON", fileOf("{a", 0), /the header is not JSON/],
	["NaN in the metadata", fileOf('{"__metadata__":{"x":NaN}}', 0), /the header is not JSON/],
	["a number in the metadata", fileOf('{"__metadata__":{"x":1}}', 0), /__metadata__ "x" is not a string/],
	["a list", fileOf("[]", 0), /not a JSON object/],
	["bytes that are not UTF-8", fileOf(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 0), /not UTF-8/],
	[
		"an unknown dtype",
		fileOf('{"x":{"dtype":"F31","shape":[],"data_offsets":[0,4]}}', 4),
		/tensor "x" has dtype "F31", allowed BOOL/,
	],
	[
		"offsets beyond the file",
		fileOf(`{"x":${f32("[2]", "[0,8]")}}`, 4),
		/tensor "x" ends at byte 70, the file has 66/,
	],
	["negative offsets", fileOf(`{"x":${f32("[1]", "[-4,0]")}}`, 4), /\[-4, 0\], allowed 0 <= begin <= end/],
	["offsets the wrong way round", fileOf(`{"x":${f32("[1]", "[4,0]")}}`, 4), /\[4, 0\], allowed/],
	[
		"overlap",
		fileOf(`{"x":${f32("[2]", "[0,8]")},"y":${f32("[2]", "[4,12]")}}`, 12),
		/"y" at byte \d+ overlaps tensor "x"/,
	],
	[
		"a gap",
		fileOf(`{"x":${f32("[1]", "[0,4]")},"y":${f32("[1]", "[8,12]")}}`, 12),
		/"y" at byte \d+ leaves a gap after tensor "x"/,
	],
	["bytes behind the last tensor", fileOf(`{"x":${f32("[1]", "[0,4]")}}`, 5), /the tensors end at byte/],
	[
		"a shape that needs other bytes",
		fileOf(`{"x":${f32("[3]", "[0,8]")}}`, 8),
		/F32 \[3\] takes 12 bytes, its data_offsets span 8/,
	],
	[
		"an absurd shape",
		fileOf(`{"x":${f32("[4294967296,4294967296,4294967296]", "[0,0]")}}`, 0),
		/absurd shape/,
	],
	["a negative extent", fileOf(`{"x":${f32("[-1,-1]", "[0,4]")}}`, 4), /absurd shape \[-1, -1\]/],
	["a broken extent", fileOf(`{"x":${f32("[0.5]", "[0,2]")}}`, 2), /absurd shape/],
	["too many axes", fileOf(`{"x":${f32("[1,1,1,1,1,1,1,1,1]", "[0,4]")}}`, 4), /at most 8 whole numbers/],
	["a name twice", fileOf(`{"x":${f32("[1]", "[0,4]")},"x":${f32("[1]", "[0,4]")}}`, 4), /same name twice/],
	[
		"a field twice",
		fileOf('{"x":{"dtype":"I32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
		/same name twice/,
	],
	[
		"a missing field",
		fileOf('{"x":{"dtype":"F32","shape":[1]}}', 4),
		/not described by dtype, shape and data_offsets/,
	],
	["a name with a line break", fileOf('{"a\\nb\\u2028c":3}', 0), /tensor "a\\nb\?c" is not described/],
];

describe("a lying file", () => {
	test.each(LIES)("%s is refused with one line", async (_, file, message) => {
		const read = readSafetensors(file, "lie.safetensors");
		await expect(read).rejects.toThrow(WeightsError);
		await expect(read).rejects.toThrow(message);
		await expect(read).rejects.toThrow(/^lie\.safetensors: [^\n\r\u2028]*$/);
	});

	test("a header over the limit is refused before it is read", async () => {
		const source = {
			...bytesSource(new Uint8Array([0, 0, 0, 1, 0, 0, 0, 0])),
			size: async () => 2 ** 40,
		};
		await expect(readSafetensorsHeader(source)).rejects.toThrow("header length 16777216, allowed 2..3145728");
	});

	test("a type that is known but not read is refused by name", async () => {
		const file = fileOf('{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 1);
		await expect(readSafetensors(file)).rejects.toThrow('tensor "x" is F8_E4M3; read are F16');
	});

	test("names that are keys of every object are names like any other", async () => {
		const file = fileOf(`{"__proto__":${f32("[1]", "[0,4]")},"constructor":${f32("[0]", "[4,4]")}}`, 4);
		expect([...(await readSafetensors(file)).tensors.keys()]).toEqual(["__proto__", "constructor"]);
	});
});
