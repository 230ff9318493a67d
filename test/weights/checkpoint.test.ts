import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { difference, Tensor } from "../../src/tensor/index.js";
import {
	loadWeights,
	openCheckpoint,
	openCheckpointFiles,
	readSafetensors,
	WeightsError,
	writeSafetensors,
} from "../../src/weights/node.js";
import { smollm2 } from "../real-models.js";

const LLAMA = "test/reference/lm/models/rand-llama-tied-gqa-theta5e5";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "headscope-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, content: Uint8Array | string): void => writeFileSync(join(folder, name), content);

describe("a model folder", () => {
	test("gives its JSON files and every tensor's type and shape", async () => {
		const checkpoint = await openCheckpoint(LLAMA);
		expect(checkpoint).toMatchObject({
			format: "folder",
			origin: LLAMA,
			config: { model_type: "llama", num_key_value_heads: 2 },
			files: [{ path: join(LLAMA, "model.safetensors") }],
		});
		expect(checkpoint.tokenizer).toHaveProperty("model");
		expect(checkpoint.tokenizerConfig).toBeDefined();
		expect(checkpoint.entries.get("model.layers.2.self_attn.k_proj.weight")).toEqual({
			...{ file: 0, dtype: "F32", shape: [16, 32] },
		});
	});

	test("is plain data that a worker can be sent", async () => {
		const checkpoint = await openCheckpoint(LLAMA);
		expect(structuredClone(checkpoint)).toEqual(checkpoint);
	});

	test("opens from dropped files as from disk", async () => {
		const names = ["config.json", "tokenizer.json", "model.safetensors"];
		const files = names.map((name) => ({
			name: `rand-llama/${name}`,
			source: { blob: new File([readFileSync(join(LLAMA, name))], name) },
		}));
		const dropped = await openCheckpointFiles(files);
		const onDisk = await openCheckpoint(LLAMA);
		expect(dropped.entries).toEqual(onDisk.entries);
		expect(dropped.config).toEqual(onDisk.config);
		const tensors = [{ name: "e", file: 0, entry: "model.embed_tokens.weight", shape: [97, 32] }];
		expect(await loadWeights({ files: dropped.files, tensors })).toEqual(
			await loadWeights({ files: onDisk.files, tensors }),
		);
	});

	test("in shards loads as in one file", async () => {
		const { tensors } = await readSafetensors(readFileSync(join(LLAMA, "model.safetensors")));
		const all = [...tensors];
		const map: Record<string, string> = {};
		for (const [i, part] of [all.slice(0, 10), all.slice(10)].entries()) {
			put(`part-${i}.safetensors`, writeSafetensors(new Map(part)));
			for (const [name] of part) map[name] = `part-${i}.safetensors`;
		}
		cpSync(join(LLAMA, "config.json"), join(folder, "config.json"));
		put("model.safetensors.index.json", JSON.stringify({ metadata: {}, weight_map: map }));
		put("generation_config.json", '{"bos_token_id":1}');
		const { files, entries, generationConfig } = await openCheckpoint(folder);
		expect(generationConfig).toEqual({ bos_token_id: 1 });
		const weights = await loadWeights({
			files,
			tensors: [...entries].map(([name, e]) => ({ name, file: e.file, entry: name, shape: e.shape })),
		});
		expect(weights).toEqual(tensors);
	});
});

describe("what is refused, with one line that names it", () => {
	const x = writeSafetensors(new Map([["x", Tensor.from([1, 2])]]));
	const index = (map: unknown): string => JSON.stringify({ weight_map: map });
	const cases: readonly (readonly [string, Record<string, Uint8Array | string>, RegExp])[] = [
		["no config", { "model.safetensors": x }, /has no config\.json/],
		[
			"no weights",
			{ "config.json": "{}" },
			/has neither model\.safetensors nor model\.safetensors\.index\.json/,
		],
		["a config that is not JSON", { "config.json": "{NaN" }, /config\.json: the text is not JSON/],
		[
			"a config that is not UTF-8",
			{ "config.json": new Uint8Array([0x22, 0xff, 0x22]) },
			/config\.json: the text is not UTF-8/,
		],
		["a config that is a list", { "config.json": "[]" }, /config\.json: is not a JSON object/],
		[
			"a tokenizer that is not JSON",
			{ "config.json": "{}", "tokenizer.json": "" },
			/tokenizer\.json: the text is not JSON/,
		],
		[
			"an index without a map",
			{ "config.json": "{}", "model.safetensors.index.json": "{}" },
			/has no weight_map/,
		],
		[
			"a missing shard",
			{ "config.json": "{}", "model.safetensors.index.json": index({ x: "s.safetensors" }) },
			/the shard "s\.safetensors" is missing/,
		],
		[
			"a tensor in another shard",
			{ "config.json": "{}", "model.safetensors.index.json": index({ y: "s" }), s: x },
			/puts tensor "y" into "s", which does not have it/,
		],
		[
			"a tensor in two shards",
			{ "config.json": "{}", "model.safetensors.index.json": index({ x: "s", y: "t" }), s: x, t: x },
			/tensor "x" is in another shard too/,
		],
		[
			"a truncated file",
			{ "config.json": "{}", "model.safetensors": x.subarray(0, -1) },
			/model\.safetensors: tensor "x" ends at byte \d+, the file has/,
		],
	];
	test.each(cases)("%s", async (_, files, message) => {
		for (const [name, content] of Object.entries(files)) put(name, content);
		const opening = openCheckpoint(folder);
		await expect(opening).rejects.toThrow(WeightsError);
		await expect(opening).rejects.toThrow(message);
		await expect(opening).rejects.toThrow(/^[^\n\r]*$/);
	});

	test.each(["../s", "/etc/passwd", "a/../../s", "..\\s", "C:s", "a//s", "./s", ""])(
		"a shard path %j",
		async (path) => {
			put("config.json", "{}");
			put("model.safetensors.index.json", index({ x: path }));
			await expect(openCheckpoint(folder)).rejects.toThrow("leaves the folder; allowed are names inside it");
		},
	);

	test.each(["./nowhere", "models/llama.gguf", "a/b/c", "", "no such model"])(
		"%j, which is nothing",
		async (ref) => {
			await expect(openCheckpoint(ref)).rejects.toThrow(
				/no such folder or file; allowed: a model folder, a \.gguf file, a hub id/,
			);
		},
	);

	test("a safetensors file without its folder", async () => {
		put("x.safetensors", x);
		await expect(openCheckpoint(join(folder, "x.safetensors"))).rejects.toThrow(
			/not a GGUF file; a safetensors file needs its folder/,
		);
	});

	test("dropped files of two models", async () => {
		const source = { bytes: x };
		await expect(
			openCheckpointFiles([
				{ name: "a/config.json", source },
				{ name: "b/config.json", source },
			]),
		).rejects.toThrow('two files are called "config.json"');
		await expect(
			openCheckpointFiles([
				{ name: "a.gguf", source },
				{ name: "b.gguf", source },
			]),
		).rejects.toThrow("2 GGUF files");
		await expect(openCheckpointFiles([])).rejects.toThrow("has no config.json");
	});
});

describe.skipIf(smollm2.reason)(`SmolLM2-135M ${smollm2.reason ?? ""}`, () => {
	test("opens, and loads all of its 135 million weights", async () => {
		const checkpoint = await openCheckpoint(smollm2.path ?? "");
		expect(checkpoint.gguf?.metadata["llama.block_count"]).toBe(30);
		expect(checkpoint.gguf?.metadata["tokenizer.ggml.tokens"]).toHaveLength(49152);
		expect(checkpoint.entries.get("blk.0.attn_k.weight")).toEqual({
			file: 0,
			dtype: "Q4_1",
			shape: [192, 576],
		});
		const weights = await loadWeights({
			files: checkpoint.files,
			tensors: [...checkpoint.entries].map(([name, e]) => ({
				name,
				file: e.file,
				entry: name,
				shape: e.shape,
			})),
		});
		const count = [...weights.values()].reduce((sum, w) => sum + w.size, 0);
		expect(count).toBe(134_515_008);
	});
});

describe("transforms", () => {
	const load = async (
		tensor: Tensor,
		transform: Parameters<typeof loadWeights>[0]["tensors"][number]["transform"],
		shape: readonly number[],
	): Promise<Tensor> => {
		const files = [{ bytes: writeSafetensors(new Map([["x", tensor]])) }];
		const weights = await loadWeights({
			files,
			tensors: [{ name: "y", file: 0, entry: "x", shape, ...(transform && { transform }) }],
		});
		const y = weights.get("y");
		if (!y) throw new Error("no y");
		return y;
	};
	// larger than one chunk, so that the pieces must meet
	const big = new Tensor(
		"float32",
		[1536, 1500],
		Float32Array.from({ length: 1536 * 1500 }, (_, i) => i),
	);

	test("transpose swaps the axes", async () => {
		expect(difference(await load(big, { kind: "transpose" }, [1500, 1536]), big.transpose()).maxAbs).toBe(0);
	});

	test("unpermute puts rows 2j and 2j + 1 of a head at j and j + d_head / 2", async () => {
		const heads = 12;
		const got = await load(big, { kind: "unpermute", heads }, big.shape);
		// [head, pair, 2, column] -> [head, 2, pair, column]
		const expected = big.reshape([heads, 64, 2, 1500]).transpose([0, 2, 1, 3]).reshape(big.shape);
		expect(difference(got, expected).maxAbs).toBe(0);
	});

	test("unpermute works on a bias", async () => {
		const bias = Tensor.from([0, 1, 2, 3, 4, 5, 6, 7]);
		expect([...(await load(bias, { kind: "unpermute", heads: 2 }, [8])).data]).toEqual([
			0, 2, 1, 3, 4, 6, 5, 7,
		]);
	});

	test("a tensor without elements loads", async () => {
		expect((await load(Tensor.zeros([0, 3]), { kind: "transpose" }, [3, 0])).shape).toEqual([3, 0]);
	});
});

describe("weights that do not fit are refused by name", () => {
	const spec = (
		tensor: Tensor,
		entry: string,
		shape: readonly number[],
	): Parameters<typeof loadWeights>[0] => ({
		files: [{ bytes: writeSafetensors(new Map([["x", tensor]])), name: "f" }],
		tensors: [{ name: "y", file: 0, entry, shape }],
	});
	test.each([
		["missing", spec(Tensor.from([1]), "z", [1]), 'f: has no tensor "z"'],
		[
			"of another shape",
			spec(Tensor.from([[1, 2]]), "x", [2, 1]),
			'f: tensor "x" has shape [1, 2], the model needs [2, 1]',
		],
		["integers", spec(Tensor.from([1], "int64"), "x", [1]), 'f: tensor "x" has type I64, weights can be F32'],
		[
			"NaN",
			spec(Tensor.from([1, 2, Number.NaN]), "x", [3]),
			'f: tensor "x" has the value NaN at element 2, allowed finite',
		],
		["infinite", spec(Tensor.from([-1 / 0]), "x", [1]), 'f: tensor "x" has the value -Infinity at element 0'],
	])("%s", async (_, weights, message) => {
		await expect(loadWeights(weights)).rejects.toThrow(message);
	});

	test("a load that is stopped throws the reason", async () => {
		const signal = AbortSignal.abort(new Error("enough"));
		await expect(loadWeights(spec(Tensor.from([1]), "x", [1]), { signal })).rejects.toThrow("enough");
	});
});
