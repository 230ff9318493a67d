import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DType, Tensor } from "../tensor/index.js";
import { readSafetensors } from "./safetensors.js";
import { bytesSource } from "./source.js";
import { readTorchCheckpoint, readTorchFile, type TorchData } from "./torch-checkpoint.js";
import { TorchStub } from "./torch-values.js";

const folder = "test/reference/icl/checkpoints";
const read = (name: string) => readTorchCheckpoint(bytesSource(readFileSync(`${folder}/${name}`), name));

function dict(value: TorchData | undefined): Map<TorchData, TorchData> {
	if (!(value instanceof Map)) throw new Error("not a dict");
	return value;
}

describe.each(["2023-torch1.13.pt", "current-torch2.13.pt"])("%s", (name) => {
	test("holds the model of the safetensors file, value for value and in its order", async () => {
		const { model } = await read(name);
		const { tensors } = await readSafetensors(readFileSync(`${folder}/model.safetensors`));
		expect(new Set(model.keys())).toEqual(new Set(tensors.keys()));
		expect([...model.keys()].slice(0, 3)).toEqual([
			"token_sequence_transformer.token_embedding.weight",
			"token_sequence_transformer.postn_embedding.weight",
			"token_sequence_transformer.blocks.0.attention.causal_mask",
		]);
		for (const [key, tensor] of tensors) expect(model.get(key)).toEqual(tensor);
	});

	test("holds Adam's moments for each parameter, in its order", async () => {
		const { model, rest } = await read(name);
		const parameters = [...model].filter(([key]) => !key.endsWith("causal_mask"));
		const optimizer = dict(rest.get("optimizer"));
		const state = dict(optimizer.get("state"));
		expect([...state.keys()]).toEqual(parameters.map((_, i) => i));
		for (const [i, [, parameter]] of parameters.entries()) {
			const moments = dict(state.get(i));
			expect((moments.get("step") as Tensor).item()).toBe(3);
			for (const moment of ["exp_avg", "exp_avg_sq"]) {
				expect((moments.get(moment) as Tensor).shape).toEqual(parameter.shape);
			}
		}
		const group = dict((optimizer.get("param_groups") as TorchData[])[0]);
		expect(group.get("betas")).toEqual([0.9, 0.999]);
		expect(group.get("lr")).toBeCloseTo(1.3344e-5, 8);
	});

	test("holds the schedule, whose function is only named", async () => {
		const scheduler = dict((await read(name)).rest.get("scheduler"));
		expect(scheduler.get("total_steps")).toBe(600);
		expect(scheduler.get("last_epoch")).toBe(3);
		const func = scheduler.get("anneal_func");
		if (name.startsWith("2023")) expect(func).toEqual(new TorchStub("__builtin__.getattr"));
		else expect(func).toBeUndefined();
	});
});

test("the state of the random generator is its 5056 bytes", async () => {
	const { rest } = await read("current-torch2.13.pt");
	const [bytes] = rest.get("rng_state") as TorchData[];
	expect(bytes).toBeInstanceOf(Uint8Array);
	expect((bytes as Uint8Array).length).toBe(5056);
	expect((await read("2023-torch1.13.pt")).rest.has("rng_state")).toBe(false);
});

interface Feature {
	readonly dtype: DType;
	readonly shape: number[];
	readonly values: string[];
}

describe.each([2, 4, 5])("pickle protocol %i", (protocol) => {
	const expected = JSON.parse(readFileSync(`${folder}/features.json`, "utf8")) as {
		tensors: Record<string, Feature>;
	};
	const file = () => readTorchFile(bytesSource(readFileSync(`${folder}/features-p${protocol}.pt`)));

	test("gives tensors of every storage and every view", async () => {
		const tensors = dict(dict(await file()).get("tensors"));
		expect([...tensors.keys()]).toEqual(Object.keys(expected.tensors));
		for (const [name, { dtype, shape, values }] of Object.entries(expected.tensors)) {
			const tensor = tensors.get(name) as Tensor;
			expect([name, tensor.dtype, tensor.shape]).toEqual([name, dtype, shape]);
			const numbers = values.map((v) => (v === "inf" ? Number.POSITIVE_INFINITY : Number(v)));
			expect([...tensor.data].map(Number)).toEqual(numbers);
		}
		// views of one storage are not copied
		const [base, row] = [tensors.get("base") as Tensor, tensors.get("row") as Tensor];
		expect(row.data.buffer).toBe(base.data.buffer);
	});

	test("gives plain data", async () => {
		const plain = dict(dict(await file()).get("plain"));
		expect(plain.get("ints")).toEqual([0, 255, 65535, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 40, -(2 ** 53) + 1]);
		expect(plain.get("big")).toBe(2n ** 70n);
		expect(plain.get("floats")).toEqual([0.1, -0, 1e300]);
		expect(plain.get("text")).toBe("ünï ☃ 𝄞\n");
		expect(plain.get("long text")).toBe("x".repeat(300));
		expect(plain.get("tuple")).toEqual([1, [2, 3], []]);
		expect(plain.get("bytes")).toEqual(Uint8Array.from({ length: 256 }, (_, i) => i));
		expect(plain.get("bytearray")).toEqual(new TextEncoder().encode("ab"));
		expect(plain.get("set")).toEqual(new Set([3]));
		expect(plain.get("frozenset")).toEqual(new Set(["a"]));
		expect(plain.get("defaultdict")).toEqual(new Map([["k", [1]]]));
		expect(plain.get(1)).toEqual(new Map([[2.5, "number keys"]]));
		expect(plain.get("size")).toEqual([2, 3]);
		expect([plain.get("none"), plain.get("true")]).toEqual([null, true]);
		expect(plain.get("dtype")).toEqual(new TorchStub("torch.float32"));
		expect(plain.get("device")).toEqual(new TorchStub("torch.device"));
		expect(plain.get("function")).toEqual(new TorchStub("torch.nn.functional.softmax"));
		// a key that would change every object, were dicts objects
		expect(plain.get("__proto__")).toEqual(new Map([["polluted", true]]));
		expect({}).not.toHaveProperty("polluted");
	});

	test("gives a model's float tensors as float32", async () => {
		const { model } = await read(`features-p${protocol}.pt`);
		const third = model.get("double") as Tensor;
		expect([third.dtype, third.at(0), third.at(1)]).toEqual(["float32", Math.fround(1 / 3), -0]);
	});
});
