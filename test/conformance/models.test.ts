/**
 * Every model family against Hugging Face and TransformerLens, on small models with random weights and on
 * trained ones: |difference| <= 5e-5 x max(1, max|reference| / 10) in float32.
 */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCheckpoint } from "../../src/models/load-model.js";
import type { Model } from "../../src/models/model.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { difference, type Tensor } from "../../src/tensor/index.js";
import { readSafetensors } from "../../src/weights/index.js";
import { openCheckpoint } from "../../src/weights/node.js";
import { referenceFolders, referencePath } from "../reference-data.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

function expectClose(name: string, got: Tensor | undefined, expected: Tensor): void {
	expect(got?.shape, name).toEqual(expected.shape);
	const { maxAbs, scale, index } = difference(got as Tensor, expected);
	expect(maxAbs, `${name} at [${index.join(", ")}]`).toBeLessThanOrEqual(5e-5 * Math.max(1, scale / 10));
}

const own = referenceFolders("lm", "models").map((name) => [name, referencePath("lm", "models", name)]);
// made by scripts/make-random-models.py
const made = process.env.HEADSCOPE_RANDOM_MODELS;
const others =
	made === undefined ? [] : readdirSync(made).map((name) => [`${made}/${name}`, resolve(made, name)]);

describe.each([...own, ...others] as [string, string][])("%s", (_, folder) => {
	let model: Model;
	let reference: ReadonlyMap<string, Tensor>;
	const at = (name: string): Tensor => reference.get(name) as Tensor;
	const rows = (name: string): number[][] => at(name).toNested() as number[][];

	beforeAll(async () => {
		model = await loadCheckpoint(await openCheckpoint(folder), { engine });
		reference = (await readSafetensors(readFileSync(resolve(folder, "reference.safetensors")))).tensors;
	});

	test("logits, hidden states and attentions are Hugging Face's", async () => {
		const { logits, cache } = await model.runWithCache(rows("input_ids"));
		expectClose("logits", logits, at("hf.logits"));
		const { nLayers } = model.config;
		for (let l = 0; l < nLayers; l++) {
			if (reference.has(`hf.hidden_states.${l}`)) {
				expectClose(`hidden state ${l}`, cache.get("resid_pre", l), at(`hf.hidden_states.${l}`));
			}
			if (reference.has(`hf.attentions.${l}`)) {
				expectClose(`attention ${l}`, cache.get("pattern", l), at(`hf.attentions.${l}`));
			}
		}
		// Hugging Face's last is what comes out of the final norm
		if (!reference.has(`hf.hidden_states.${nLayers}`)) return;
		const known = new Set(model.sizes.points.map(({ name }) => name));
		const last = known.has("ln_final") ? "ln_final" : `blocks.${nLayers - 1}.hook_resid_post`;
		const end = await model.runWithCache(rows("input_ids"), { names: last, logits: false });
		expectClose("last hidden state", end.cache.get(last), at(`hf.hidden_states.${nLayers}`));
	});

	test("every hook that TransformerLens shares has its name, shape and numbers", async () => {
		const names = [...reference.keys()].filter((n) => n.startsWith("tl.")).map((n) => n.slice(3));
		const shared = model
			.hookPoints()
			.filter((p) => names.includes(p.name))
			.map((p) => p.name);
		const known = new Set(model.hookPoints().map((p) => p.name));
		const classic = names.filter((n) => /(^|\.)hook_(?!in$|out$|cos$|sin$|unembed$)[a-z_]+$/.test(n));
		expect(classic.filter((n) => !known.has(n))).toEqual([]);
		if (shared.length === 0) return;
		const { cache } = await model.runWithCache(rows("input_ids"), { names: shared });
		for (const name of shared) expectClose(name, cache.get(name), at(`tl.${name}`));
	});

	test("padded rows give the numbers of unpadded ones", async () => {
		const key = ["padded.hf.logits_mask_and_positions", "padded.hf.logits_last"].find((k) =>
			reference.has(k),
		);
		if (!key) return expect(reference.has("padded.input_ids")).toBe(false);
		const mask = rows("padded.attention_mask");
		const logits = await model.run(rows("padded.input_ids"), { mask });
		const expected = at(key);
		if (key.endsWith("last")) return expectClose(key, logits.slice(1, -1).reshape(expected.shape), expected);
		for (const [b, marks] of mask.entries()) {
			for (const [p, mark] of marks.entries()) {
				if (mark)
					expectClose(`${key} [${b}, ${p}]`, logits.select(b).select(p), expected.select(b).select(p));
			}
		}
	});
});
