import { openCheckpointFiles, readFolder } from "../../src/weights/checkpoint.js";
import { WeightsError } from "../../src/weights/errors.js";
// a module that is loaded while the fuzzer runs would bring edges that it has made no room for
import "../../src/weights/gguf.js";
import type { Target } from "../target.js";
import { type Json, jsonVariations, textOf, utf8 } from "../variations.js";
import { fileWith } from "./safetensors.js";

/**
 * JSON of the files of a folder, by name: texts as they are, other values as JSON; of a safetensors file the header, of a
 * .gguf file its bytes as a list. With a `step`, the weights of that training step. Or config.json alone, when the input
 * is no JSON.
 */
export const folder: Target = {
	sources: ["checkpoint", "tensor-file", "json"].map((file) => `src/weights/${file}.ts`),
	refusals: [WeightsError],
	async read(input) {
		const { step, ...contents } = parsed(input);
		const files = Object.entries(contents).map(([name, content]) => ({
			name,
			source: { bytes: bytesOf(name, content), name },
		}));
		const find = async (name: string) => files.find((file) => file.name === name)?.source;
		const opened =
			typeof step === "number" ? await readFolder("input", find, { step }) : await openCheckpointFiles(files);
		for (const [name, { file }] of opened.entries)
			if (opened.files[file] === undefined)
				throw new Error(`tensor "${name}" is in file ${file}, which is not there`);
		return opened;
	},
	*seeds() {
		for (const one of [SINGLE, SHARDED, GGUF]) yield* jsonVariations(one);
		for (const shard of ["../a", "/a", "a\\b", "c:a", "a\0b", "a//b", ".", "checkpoints/5.safetensors"])
			yield utf8(JSON.stringify({ ...SHARDED, [INDEX]: { weight_map: { w: shard } } }));
		const both = { weight_map: { w: "a.safetensors", v: "b.safetensors" } };
		yield utf8(JSON.stringify({ ...SHARDED, "b.safetensors": W, [INDEX]: both }));
		yield utf8(JSON.stringify({ ...SHARDED, "a.safetensors": GGUF["model.gguf"], [INDEX]: both }));
		for (const text of ["", "{", "NaN", '{"a":1,"a":2}', "[".repeat(3000), "\ufeff{}", '"\\u2028"'])
			yield utf8(JSON.stringify({ ...SINGLE, "config.json": text }));
		for (const name of ["folder/config.json", "folder\\config.json", "config.json/"])
			yield utf8(JSON.stringify({ ...SINGLE, [name]: {} }));
		yield utf8(JSON.stringify({ "a.gguf": [], "b.gguf": [] }));
		yield utf8(JSON.stringify({ "a.gguf": [...fileWith(utf8(JSON.stringify(W)))] }));
		for (const header of ['{ "w\\"" : {} }', '{"w" :\n {"dtype":"U8","shape":[1],"data_offsets":[0,1]} }'])
			yield utf8(JSON.stringify({ ...SINGLE, "model.safetensors": header }));
		const trained = { "config.json": {}, "checkpoints/5.safetensors": { ...W, "optimizer.w": EMPTY } };
		for (const step of [5, 6]) yield utf8(JSON.stringify({ ...trained, step }));
		yield utf8(JSON.stringify({ ...trained, "checkpoints/5.safetensors": GGUF["model.gguf"], step: 5 }));
		yield utf8("no JSON");
		yield Uint8Array.of(0xff, 0xfe, 0);
	},
};

function parsed(input: Uint8Array): Readonly<Record<string, unknown>> {
	try {
		const files: unknown = JSON.parse(textOf(input));
		return typeof files === "object" && files !== null ? (files as Record<string, unknown>) : {};
	} catch {
		return { "config.json": input };
	}
}

function bytesOf(name: string, content: unknown): Uint8Array {
	if (content instanceof Uint8Array) return content;
	if (name.endsWith(".gguf") || Array.isArray(content)) return Uint8Array.from([content].flat() as number[]);
	const bytes = utf8(typeof content === "string" ? content : JSON.stringify(content));
	return name.endsWith(".safetensors") ? fileWith(bytes) : bytes;
}

const INDEX = "model.safetensors.index.json";
const W = { w: { dtype: "U8", shape: [1], data_offsets: [0, 1] } };
const EMPTY = { dtype: "F32", shape: [0], data_offsets: [1, 1] };

const SINGLE: Readonly<Record<string, Json>> = {
	"config.json": { model_type: "gpt2" },
	"generation_config.json": {},
	"tokenizer.json": { model: {} },
	"tokenizer_config.json": {},
	"model.safetensors": W,
};

const SHARDED: Readonly<Record<string, Json>> = {
	"config.json": {},
	[INDEX]: { metadata: {}, weight_map: { w: "a.safetensors", v: "b.safetensors" } },
	"a.safetensors": W,
	"b.safetensors": { v: { ...EMPTY, data_offsets: [0, 0] } },
};

/** A file of no tensors and no metadata. */
const GGUF = {
	"model.gguf": [
		...[..."GGUF"].map((letter) => letter.charCodeAt(0)),
		3,
		0,
		0,
		0,
		...Array<number>(24).fill(0),
	],
};
