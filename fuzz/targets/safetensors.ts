import { Tensor } from "../../src/tensor/index.js";
import { WeightsError } from "../../src/weights/errors.js";
import { readSafetensors } from "../../src/weights/safetensors.js";
import { writeSafetensors } from "../../src/weights/write-safetensors.js";
import type { Target } from "../target.js";
import { jsonVariations, textOf, utf8 } from "../variations.js";

/** A file, or a header alone ("{" in front), which gets its length and as many bytes as it speaks of. */
export const safetensors: Target = {
	sources: ["src/weights/safetensors.ts", "src/weights/tensor-entry.ts"],
	refusals: [WeightsError],
	read: (input) => readSafetensors(input[0] === 0x7b ? fileWith(input) : input, "input"),
	*seeds() {
		const file = writeSafetensors(new Map([["w", Tensor.from([[1, 2]])]]), { about: "a file" });
		yield file;
		for (const length of [0, 7, 8, 20, file.length - 1]) yield file.slice(0, length);
		yield* [Uint8Array.of(...file, 0), Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0)];
		const kinds = [
			"F32",
			"F64",
			"I32",
			"I64",
			"BOOL",
			"F16",
			"BF16",
			"U8",
			"I8",
			"U16",
			"I16",
			"U64",
			"F8_E4M3",
		];
		for (const dtype of kinds)
			for (const bytes of [1, 2, 4, 8])
				yield utf8(JSON.stringify({ w: { dtype, shape: [1], data_offsets: [0, bytes] } }));
		yield* jsonVariations({
			__metadata__: { about: "two" },
			a: { dtype: "F32", shape: [2, 1], data_offsets: [0, 8] },
			b: { dtype: "I16", shape: [2], data_offsets: [8, 12] },
		});
		const one = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
		yield utf8(`{"a":${one},"a":${one}}`);
		yield utf8(`{"\\"a" : ${one} }`);
		yield utf8(`{"a":{"dtype":"U8","shape":[9007199254740991,9],"data_offsets":[0,1]}}`);
		yield utf8(`{"a":${one},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`);
	},
};

/** Bytes of tensors that a header alone gets at most. */
const MOST = 4096;

/** A file of this header. */
export function fileWith(header: Uint8Array): Uint8Array {
	const ends = textOf(header).matchAll(/data_offsets"\s*:\s*\[\s*\d+\s*,\s*(\d+)/g);
	const end = Math.min(MOST, Math.max(0, ...[...ends].map(([, at]) => Number(at))));
	const file = new Uint8Array(8 + header.length + end);
	new DataView(file.buffer).setUint32(0, header.length, true);
	file.set(header, 8);
	return file;
}
