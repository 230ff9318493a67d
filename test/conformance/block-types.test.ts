/** Every block type of GGUF: what is held as blocks stands for the numbers that loading as float32 gives, in every use. */
import { afterAll, describe, expect, test } from "vitest";
import { ggufFile } from "../../fuzz/write-gguf.js";
import { graphOf } from "../../src/graph/graph.js";
import { add, gather, input, matmul, slice, sum, weight } from "../../src/graph/ops/index.js";
import type { Value } from "../../src/graph/value.js";
import { compile, type Program } from "../../src/onnx/compile.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { type BlockForm, type DType, difference, Random, Tensor } from "../../src/tensor/index.js";
import { BLOCK_TYPES } from "../../src/weights/gguf-blocks.js";
import { toHalf } from "../../src/weights/half.js";
import { blockFormOf } from "../../src/weights/hold-blocks.js";
import { loadHeld, loadWeights, type TensorSpec, type Transform } from "../../src/weights/index.js";

/** ggml's number of a type, and where in a block its half-precision scale and minimum are. */
const STORED: Readonly<Record<string, readonly [number: number, ...halves: number[]]>> = {
	Q4_0: [2, 0],
	Q4_1: [3, 0, 2],
	Q5_0: [6, 0],
	Q5_1: [7, 0, 2],
	Q8_0: [8, 0],
	Q2_K: [10, 80, 82],
	Q3_K: [11, 108],
	Q4_K: [12, 0, 2],
	Q5_K: [13, 0, 2],
	Q6_K: [14, 208],
};

/** What a weight's memory is against float32's four bytes, in bytes for each element. */
const BYTES: Readonly<Record<string, number>> = {
	...{ Q4_0: 0.625, Q4_1: 0.75, Q5_0: 1.125, Q5_1: 1.25, Q8_0: 1.125 },
	...{ Q2_K: 1, Q3_K: 0.75, Q4_K: 0.75, Q5_K: 1.25, Q6_K: 1.25 },
};

const engine = await LocalEngine.create({ threads: 2 });
afterAll(() => engine.dispose());

/** A file with a matrix "w" [rows, columns] of random blocks, scales of either sign included. */
function randomFile(type: string, rows: number, columns: number): Uint8Array {
	const { elements, bytes } = BLOCK_TYPES[type] as (typeof BLOCK_TYPES)[string];
	const [number, ...halves] = STORED[type] as readonly [number, ...number[]];
	const length = ((rows * columns) / elements) * bytes;
	const dims = [BigInt(columns), BigInt(rows)];
	const file = ggufFile([], [{ name: "w", dims, type: number, offset: 0n }], length);
	const random = new Random(number);
	const start = file.length - length;
	for (let i = start; i < file.length; i++) file[i] = random.integer(0, 256);
	for (let block = start; block < file.length; block += bytes) {
		for (const at of halves) {
			const half = toHalf(Float32Array.of(0.05 * random.normal()))[0] as number;
			file.set([half & 255, half >> 8], block + at);
		}
	}
	return file;
}

/** The tensor "w" of such a file, held as blocks. */
function specOf(type: string, rows: number, columns: number, transform?: Transform): TensorSpec {
	const blocks = blockFormOf(type) as BlockForm;
	return {
		...{ name: "w", file: 0, entry: "w", shape: [rows, columns], blocks },
		...(transform && { transform }),
	};
}

function randomTensor(shape: readonly number[], seed: number): Tensor<"float32"> {
	const random = new Random(seed);
	const tensor = Tensor.zeros(shape);
	for (let i = 0; i < tensor.size; i++) tensor.data[i] = random.normal();
	return tensor;
}

/** The largest difference that rounding explains: of a product's terms, the sum of their sizes in units of float32's last bit. */
function rounding(x: Tensor, w: Tensor): number {
	const [columns = 1] = w.shape.slice(-1);
	const rowsOf = (t: Tensor): Float32Array[] =>
		Array.from({ length: t.size / columns }, (_, i) =>
			(t.data as Float32Array).subarray(i * columns, (i + 1) * columns),
		);
	const sizes = rowsOf(x).flatMap((a) =>
		rowsOf(w).map((b) => a.reduce((total, v, k) => total + Math.abs(v * (b[k] as number)), 0)),
	);
	return 2 ** -23 * Math.max(...sizes);
}

describe.each(Object.keys(BLOCK_TYPES))("%s", (type) => {
	const [rows, columns] = [24, 512];
	const files = [{ bytes: randomFile(type, rows, columns), name: type }];
	const blocks = specOf(type, rows, columns);
	const { blocks: form, ...float } = blocks;
	const forms = new Map([["w", form as BlockForm]]);
	const w = weight("w", [rows, columns]);
	const x = randomTensor([2, 3, columns], 1);
	const tokens = Tensor.from([[3, 0, 23]], "int32");

	/** What a function of the weight gives with it held as blocks, and with it held as float32. */
	const both = async (
		feeds: Readonly<Record<string, Tensor>>,
		of: (feed: (name: string) => Value) => Value,
	): Promise<[Tensor, Tensor]> => {
		const feed = (name: string): Value => {
			const { dtype, shape } = feeds[name] as Tensor;
			return input(name, dtype as DType, dtype === "float32" ? ["batch", ...shape.slice(1)] : shape);
		};
		const run = async (spec: TensorSpec, program: Program): Promise<Tensor> => {
			const weights = await engine.loadWeights({ files, tensors: [spec] });
			const results = await engine.run({ program, weights, feeds });
			await engine.freeWeights(weights);
			return results.get("y") as Tensor;
		};
		const graph = graphOf({ y: of(feed) });
		return Promise.all([run(blocks, compile(graph, "cpu", forms)), run(float, compile(graph))]);
	};

	test("read back it is the decoded weight, bit for bit", async () => {
		const decoded = (await loadWeights({ files, tensors: [float] })).get("w") as Tensor;
		const id = await engine.loadWeights({ files, tensors: [blocks] });
		expect(difference(await engine.readWeight(id, "w"), decoded).maxAbs).toBe(0);
		expect(decoded.data.some((v) => v > 0) && decoded.data.some((v) => v < 0)).toBe(true);
	});

	test("rows that are put in another order are those of the decoded weight", async () => {
		const transform = { kind: "unpermute", heads: 3 } as const;
		const decoded = (await loadWeights({ files, tensors: [{ ...float, transform }] })).get("w") as Tensor;
		const id = await engine.loadWeights({ files, tensors: [{ ...blocks, transform }] });
		expect(difference(await engine.readWeight(id, "w"), decoded).maxAbs).toBe(0);
	});

	test("a product is the decoded weight's within float32's rounding", async () => {
		const [held, decoded] = await both({ x }, (feed) => matmul(feed("x"), w, { transposeB: true }));
		const all = await loadWeights({ files, tensors: [float] });
		expect(held.shape).toEqual([2, 3, rows]);
		expect(difference(held, decoded).maxAbs).toBeLessThanOrEqual(4 * rounding(x, all.get("w") as Tensor));
		// without offsets it is the same computation
		if (!form?.offsets) expect(difference(held, decoded).maxAbs).toBe(0);
	});

	test("rows, other products and sums are the decoded weight's, bit for bit", async () => {
		const [held, decoded] = await both({ tokens }, (feed) => gather(w, feed("tokens")));
		expect(difference(held, decoded).maxAbs).toBe(0);
		const y = randomTensor([5, rows], 2);
		const [left, right] = await both({ y }, (feed) => add(matmul(feed("y"), w), sum(slice(w, 0, 2, 7), 0)));
		expect(difference(left, right).maxAbs).toBe(0);
	});

	test("takes the memory that is written down", async () => {
		const parts = await loadHeld({ files, tensors: [blocks] });
		const bytes = [...parts.values()].reduce((total, { data }) => total + data.byteLength, 0);
		expect(bytes / (rows * columns)).toBe(BYTES[type]);
	});
});

test("a matrix of more elements than one product reads is multiplied in pieces", async () => {
	const [rows, columns] = [2 ** 17 + 5, 256];
	const files = [{ bytes: randomFile("Q4_1", rows, columns), name: "large" }];
	const spec = specOf("Q4_1", rows, columns);
	const x = randomTensor([1, columns], 3);
	const y = matmul(input("x", "float32", ["batch", columns]), weight("w", [rows, columns]), {
		transposeB: true,
	});
	const program = compile(graphOf({ y }), "cpu", new Map([["w", spec.blocks as BlockForm]]));
	const held = await engine.loadWeights({ files, tensors: [spec] });
	const got = (await engine.run({ program, weights: held, feeds: { x } })).get("y") as Tensor;
	const decoded = await engine.readWeight(held, "w");
	for (const row of [0, 1, 2 ** 17 - 1, 2 ** 17, rows - 1]) {
		const own = decoded.select(row);
		const exact = own.data.reduce((total, v, k) => total + v * (x.data[k] as number), 0);
		expect(Math.abs(got.at(0, row) - exact)).toBeLessThanOrEqual(4 * rounding(x, own.reshape([1, columns])));
	}
});

test("a run cannot replace a weight that is held as blocks", async () => {
	const files = [{ bytes: randomFile("Q8_0", 2, 32), name: "small" }];
	const spec = specOf("Q8_0", 2, 32);
	const id = await engine.loadWeights({ files, tensors: [spec] });
	const w = weight("w", [2, 32]);
	const program = compile(graphOf({ y: add(w, 1) }), "cpu", new Map([["w", spec.blocks as BlockForm]]));
	await expect(engine.run({ program, weights: id, feeds: {}, update: { y: "w" } })).rejects.toThrow(
		'weight "w" is held as blocks, so a run cannot replace it; load it with weights: "bound"',
	);
});

test("a scale that is no number is refused by name", async () => {
	const bytes = randomFile("Q4_K", 2, 256);
	bytes.set([0, 0x7e], bytes.length - 144);
	await expect(
		engine.loadWeights({ files: [{ bytes, name: "nan" }], tensors: [specOf("Q4_K", 2, 256)] }),
	).rejects.toThrow('nan: tensor "w" has the value NaN at block 8, allowed finite numbers');
});
