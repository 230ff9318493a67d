/**
 * Every decoder that llama.cpp has, from a file as its converter writes it: the numbers are those of the same model's
 * folder, which `models.test.ts` compares with Hugging Face's.
 */
import { readdirSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { loadModel } from "../../src/index.js";
import { loadCheckpoint } from "../../src/models/load-model.js";
import { FAMILIES } from "../../src/models/registry.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference } from "../../src/tensor/index.js";
import { openCheckpoint } from "../../src/weights/node.js";
import { referencePath } from "../reference-data.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

const FILES = readdirSync(referencePath("lm", "gguf"))
	.filter((name) => name.endsWith(".gguf"))
	.map((name) => name.replace(".gguf", ""));

/** What the files do not say and llama.cpp takes for granted. */
const GRANTED: Readonly<Record<string, Record<string, unknown>>> = {
	"rand-mistral-sliding": { sliding_window: null },
	"rand-gemma2": { query_pre_attn_scalar: 16 },
	"rand-gemma3": { query_pre_attn_scalar: 16, layer_types: null, _sliding_window_pattern: 6 },
	"rand-smollm3": { no_rope_layers: null, no_rope_layer_interval: 4 },
};

test.each(FILES)("%s", async (name) => {
	const checkpoint = await openCheckpoint(referencePath("lm", "models", name));
	const config = { ...(checkpoint.config as object), ...GRANTED[name] };
	await using folder = await loadCheckpoint({ ...checkpoint, config }, { engine });
	await using model = await loadModel(referencePath("lm", "gguf", `${name}.gguf`), { engine });
	const ids = [
		[5, 9, 23, 5, 9, 40, 7, 11, 60, 3],
		[3, 3, 11, 60, 31, 5, 2, 8, 8, 1],
	];
	const { maxAbs, scale } = difference(await model.run(ids), await folder.run(ids));
	expect(maxAbs).toBeLessThanOrEqual(1e-5 * Math.max(1, scale));
	expect(model.hookPoints()).toEqual(folder.hookPoints());
});

test("are all there", async () => {
	const known = new Set<string>();
	for (const name of FILES) {
		await using model = await loadModel(referencePath("lm", "gguf", `${name}.gguf`), { engine });
		known.add(model.family.name);
	}
	const read = FAMILIES.flatMap(({ name, gguf }) => (gguf === undefined ? [] : [name]));
	expect([...known].toSorted()).toEqual(read.toSorted());
});
