/** When the bundled English text says something of a model, and when it does not. */
import { afterAll, expect, test } from "vitest";
import { gpt2 } from "../../src/models/gpt2.js";
import { Model } from "../../src/models/model.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Random, Tensor } from "../../src/tensor/index.js";
import { type Tokenizer, tokenizerFromJson } from "../../src/tokenizers/index.js";
import { type Finding, verifyModel } from "../../src/verify/index.js";
import { tokenizerFiles } from "../tokenizers/references.js";
import { openFolder } from "./plant.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

const { json, config } = tokenizerFiles("gpt2");
const english = tokenizerFromJson(json, config);

/** The same vocabulary, of which a text's single characters are used: what a vocabulary of another language is left with. */
const foreign: Tokenizer = {
	vocabSize: english.vocabSize,
	addsBos: false,
	encode: (text, options) => {
		const parts = Array.from(text, (character) => english.encode(character, { ...options, bos: false }));
		return { ...english.encode("", { bos: false }), ids: parts.flatMap(({ ids }) => ids) };
	},
	decode: (ids, options) => english.decode(ids, options),
	tokenText: (id) => english.tokenText(id),
	displayText: (id) => english.displayText(id),
	idOf: (token) => english.idOf(token),
};

/** A small GPT-2 that has learned nothing and is sure of it. */
async function untrained(tokenizer: Tokenizer): Promise<Model> {
	const sizes = { n_embd: 16, n_layer: 1, n_head: 2, n_positions: 64, vocab_size: english.vocabSize };
	const config = gpt2.parseConfig(sizes);
	const random = new Random(0);
	const weights = gpt2.weights(config).map(({ name, shape }) => {
		const tensor = Tensor.zeros(shape);
		for (let i = 0; i < tensor.size; i++) tensor.data[i] = random.normal();
		return [name, tensor] as const;
	});
	return new Model(
		"untrained",
		gpt2,
		config,
		tokenizer,
		engine,
		await engine.putWeights(new Map(weights)),
		false,
	);
}

async function findingsOf(
	tokenizer: Tokenizer,
	text?: string,
): Promise<{ passed: boolean; findings: readonly Finding[] }> {
	await using model = await untrained(tokenizer);
	return await verifyModel(model, {
		checks: ["text", "text-positions"],
		...(text !== undefined && { text }),
	});
}

test("worse than a uniform guess is a fault where the vocabulary was learned from English", async () => {
	const { passed, findings } = await findingsOf(english);
	expect(findings.map(({ status }) => status)).toEqual(["failed", "not judged"]);
	expect(findings[0]?.detail).toMatch(
		/1\.\d tokens a word it is untrained, trained on something else, or broken/,
	);
	expect(findings[0]?.measured).toBeGreaterThan(Math.log(english.vocabSize));
	expect(passed).toBe(false);
});

test("a model that was trained on no English is not called broken", async () => {
	const { passed, findings } = await findingsOf(foreign);
	expect(findings.map(({ status }) => status)).toEqual(["not judged", "not judged"]);
	expect(findings[0]?.detail).toMatch(
		/it may have learned no English, or be broken; a text of its own kind tells which/,
	);
	expect(passed).toBe(true);
});

test("of a text of its own kind it is", async () => {
	const { passed, findings } = await findingsOf(
		foreign,
		"Wer nur eine Sprache spricht, hat viel zu lernen. ".repeat(4),
	);
	expect(findings.map(({ status }) => status)).toEqual(["failed", "not judged"]);
	expect(passed).toBe(false);
});

test("small vocabularies and models without a tokenizer are told that English says nothing of them", async () => {
	await using small = await openFolder("stories260k", engine);
	const { findings } = await verifyModel(small, { checks: ["text"] });
	expect(findings).toEqual([
		{
			check: "text",
			status: "does not apply",
			detail: expect.stringContaining("a vocabulary of 512 tokens (needs more than 4000)"),
		},
	]);
	const bare = new Model("bare", small.family, small.config, undefined, engine, "none", false);
	const without = await verifyModel(bare, { checks: ["text"] });
	expect(without.findings[0]?.detail).toBe("the model came without a tokenizer");
	await expect(verifyModel(bare, { checks: ["text"], text: "a text" })).rejects.toThrow(
		"text: bare came without a tokenizer",
	);
});
