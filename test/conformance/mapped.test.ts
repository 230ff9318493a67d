/** Weights that stay in their files give the same numbers as weights in memory, to the last bits. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadModel, type Tensor } from "../../src/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference } from "../../src/tensor/index.js";
import { smollm2 } from "../real-models.js";
import { referenceFolders, referencePath, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
const scratch = mkdtempSync(join(tmpdir(), "headscope-mapped-"));
afterAll(async () => {
	await engine.dispose();
	rmSync(scratch, { recursive: true });
});

/** A copy of a model whose tensors begin `shift` bytes later: the JSON header may end in any number of spaces. */
function shifted(folder: string, shift: number): string {
	const copy = join(scratch, `${folder}-${shift}`);
	cpSync(referencePath("lm", "models", folder), copy, { recursive: true });
	const file = readFileSync(join(copy, "model.safetensors"));
	const length = Number(file.readBigUInt64LE(0));
	const head = Buffer.alloc(8);
	head.writeBigUInt64LE(BigInt(length + shift));
	const moved = [
		head,
		file.subarray(8, 8 + length),
		Buffer.from(" ".repeat(shift)),
		file.subarray(8 + length),
	];
	writeFileSync(join(copy, "model.safetensors"), Buffer.concat(moved));
	return copy;
}

describe("mapped weights", () => {
	test.each(referenceFolders("lm", "models"))("%s: logits of the reference", async (folder) => {
		await using model = await loadModel(referencePath("lm", "models", folder), { engine, weights: "mapped" });
		const reference = await referenceTensors("lm", "models", folder, "reference.safetensors");
		const logits = await model.run((reference.get("input_ids") as Tensor).toNested() as number[][]);
		const { maxAbs, scale } = difference(logits, reference.get("hf.logits") as Tensor);
		expect(maxAbs).toBeLessThanOrEqual(5e-5 * Math.max(1, scale / 10));
	});

	test.each([0, 4, 1])("tensors that begin %i bytes later in the file are the same", async (shift) => {
		const ids = [3, 5, 7, 11];
		await using plain = await loadModel(referencePath("lm", "models", "rand-gpt2"), {
			engine,
			weights: "mapped",
		});
		await using moved = await loadModel(shifted("rand-gpt2", shift), { engine, weights: "mapped" });
		expect(difference(await moved.run(ids), await plain.run(ids)).maxAbs).toBe(0);
		const name = "h.0.mlp.c_fc.weight";
		expect(difference(await moved.weight(name), await plain.weight(name)).maxAbs).toBe(0);
	});

	test.skipIf(smollm2.reason)("weights that need converting are refused by name", async () => {
		const refused = loadModel(smollm2.path, { engine, weights: "mapped" }).then((model) => model.name);
		await expect(refused).rejects.toThrow(
			/tensor "token_embd.weight" cannot be mapped: needs F32 in a local file, got/,
		);
	});
});
