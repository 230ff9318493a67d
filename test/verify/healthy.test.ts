/** Every reference model passes, with its reference and without; what is looked at and what is not is told. */
import { afterAll, describe, expect, test } from "vitest";
import { loadModel } from "../../src/models/load-model.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Tensor } from "../../src/tensor/index.js";
import { CHECKS, readReference, VerifyError, verifyModel } from "../../src/verify/index.js";
import { smollm2 } from "../real-models.js";
import { referenceFolders } from "../reference-data.js";
import { openFolder, referenceOf } from "./plant.js";
import { textFor } from "./texts.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

describe.each(referenceFolders("lm", "models"))("%s", (folder) => {
	test("passes, with its reference and without", async () => {
		await using model = await openFolder(folder, engine);
		const text = textFor(folder, model.tokenizer);
		const reference = await referenceOf(folder);
		const options = { reference, ...(text !== undefined && { text }) };
		const { passed, findings, place, sees } = await verifyModel(model, options);
		const wrong = findings.filter(({ status }) => status === "failed" || status === "not judged");
		expect(wrong).toEqual([]);
		expect(passed).toBe(true);
		expect(place).toBeUndefined();
		const made = CHECKS.map(({ name }) => name).filter((name) => reference || name !== "reference");
		expect(findings.map(({ check }) => check)).toEqual(made);
		const statusOf = new Map(findings.map(({ check, status }) => [check, status]));
		const rotates = model.hookPoints().some(({ name }) => name.endsWith("hook_rot_q"));
		expect(statusOf.get("rotation")).toBe(rotates ? "passed" : "does not apply");
		expect(statusOf.get("text")).toBe(text === undefined ? "does not apply" : "passed");
		for (const { name, sees: kinds } of CHECKS)
			expect(sees.includes(kinds)).toBe(statusOf.get(name) === "passed");
	});
});

test.skipIf(smollm2.reason)(
	`a real model knows the bundled text ${smollm2.reason ?? ""}`,
	async () => {
		await using model = await loadModel(smollm2.path as string, { engine });
		const { findings, passed } = await verifyModel(model, { checks: ["text", "text-positions"] });
		expect(findings.map(({ status, detail }) => [status, detail])).toEqual(
			findings.map(({ detail }) => ["passed", detail]),
		);
		expect(passed).toBe(true);
	},
	300_000,
);

test("references that are not understood or not of this model are refused", async () => {
	await using model = await openFolder("rand-gpt2", engine);
	const other = await referenceOf("stories260k");
	await expect(verifyModel(model, { reference: other })).rejects.toThrow(
		/reference: hidden_states has 6 entries, but a model of 3 layers 4/,
	);
	const tensors = new Map([["input_ids", Tensor.from([[1, 2]], "int32") as Tensor]]);
	expect(() => readReference({ tensors, metadata: {} })).toThrow(/lacks "logits"; it holds input_ids/);
	tensors.set("attention_mask", Tensor.from([[1, 1]], "int32"));
	expect(() => readReference({ tensors, metadata: {} })).toThrow(
		/unknown tensor "attention_mask", allowed: input_ids/,
	);
});

test("options that are not understood are refused", async () => {
	await using model = await openFolder("rand-gpt2", engine);
	const refused = async (options: Parameters<typeof verifyModel>[1], words: RegExp): Promise<void> => {
		await expect(verifyModel(model, options)).rejects.toThrow(VerifyError);
		await expect(verifyModel(model, options)).rejects.toThrow(words);
	};
	await refused({ checks: ["casuality"] }, /checks: no check "casuality", allowed: reference, weights/);
	await refused({ checks: ["reference"] }, /"reference" needs a reference/);
	await refused({ tolerance: 0 }, /tolerance: got 0, allowed a positive number/);
	await refused({ text: "t5 t6" }, /text: /);
});
