/** Generation against whole runs at every step, and against Hugging Face's and llama2.c's greedy continuations. */
import { afterAll, describe, expect, test, vi } from "vitest";
import { generate, streamTokens } from "../../src/generation/index.js";
import { difference, type Intervention, loadModel, type Model, Tensor } from "../../src/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { smollm2 } from "../real-models.js";
import { referenceJson, referencePath } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const language = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });
const stories = await language("stories260k");
const gpt2 = await language("rand-gpt2");
const llama = await language("rand-llama-tied-gqa-theta5e5");

interface Reference {
	readonly input_ids: readonly number[];
	readonly output_ids: readonly number[];
	readonly text: string;
}

const far = (a: Tensor, b: Tensor): number =>
	difference(a, b).maxAbs / Math.max(1, difference(a, b).scale / 10);

/** Scores of keys that a query cannot see are -Infinity, which have no difference. */
const finite = ({ shape, data }: Tensor<"float32">): Tensor =>
	new Tensor(
		"float32",
		shape,
		data.map((x) => Math.max(x, -1e3)),
	);

/** What a full run of each longer sequence gives: the likeliest tokens and their logits. */
async function recompute(
	model: Model,
	prompt: readonly number[],
	steps: number,
	interventions: readonly Intervention[] = [],
): Promise<{ ids: number[]; logits: Tensor<"float32">[] }> {
	const ids = [...prompt];
	const logits: Tensor<"float32">[] = [];
	for (let i = 0; i < steps; i++) {
		const reached = interventions.filter(
			(data) => !("positions" in data) || (data.positions?.[0] ?? 0) < ids.length,
		);
		const last = (await model.run([ids], { interventions: reached })).select(0).slice(0, -1).select(0);
		logits.push(last);
		ids.push(last.data.indexOf(Math.max(...last.data)));
	}
	return { ids: ids.slice(prompt.length), logits };
}

test.each(["prompt1", "prompt2"])(
	"greedy continuations are Hugging Face's: stories260k, %s",
	async (name) => {
		const { generation } = referenceJson<{ generation: Record<string, Reference> }>(
			...["lm", "models", "stories260k", "reference.json"],
		);
		const { input_ids, output_ids, text } = generation[name] as Reference;
		const maxNewTokens = output_ids.length - input_ids.length;
		const [made] = await generate(stories, [input_ids], { maxNewTokens });
		expect(made?.ids).toEqual(output_ids.slice(input_ids.length));
		expect(text.replace(/^<s> /, "").endsWith(made?.text ?? "-")).toBe(true);
		expect(made?.end).toBe("length");
	},
);

test("stories260k tells the story that llama2.c publishes for it", async () => {
	const [story] = await generate(stories, "", { maxNewTokens: 255 });
	expect(story?.text.trimStart()).toBe(
		"Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.\nLily's mom said, \"Lily, let's go to the park.\" Lily was sad and didn't know what to do. She said, \"I want to play with your ball, but I can't find it.\"\nLily was sad and didn't know what to do. She said, \"I'm sorry, Lily. I didn't know what to do.\"\nLily didn't want to help her mom, so she said, \"I'm sorry, mom. I didn't know what to do.\" Her mom said, \"Don't worry, Lily. We can help you",
	);
});

test.skipIf(smollm2.reason)(
	`greedy continuations are Hugging Face's: SmolLM2-135M${smollm2.reason ? ` (${smollm2.reason})` : ""}`,
	async () => {
		await using model = await loadModel(smollm2.path as string);
		const reference = referenceJson<Record<string, Reference>>("lm", "smollm2-135m", "generation.json");
		const both = [reference.prompt1, reference.prompt2] as Reference[];
		const made = await generate(
			model,
			both.map(({ input_ids }) => input_ids),
			{ maxNewTokens: 24 },
		);
		for (const [i, { input_ids, output_ids, text }] of both.entries()) {
			expect(made[i]?.ids).toEqual(output_ids.slice(input_ids.length));
			expect(text.endsWith(made[i]?.text ?? "-")).toBe(true);
		}
	},
	120_000,
);

describe.each([
	["gpt2", gpt2],
	["llama with shared kv heads", llama],
] as const)("%s", (_, model) => {
	const prompt = [5, 9, 23, 5, 9];
	const steps = 6;

	test.each<[string, Intervention[]]>([
		["plain", []],
		["a head ablated", [{ kind: "zero", heads: ["0.1"] }]],
		["half a pattern", [{ kind: "replace-pattern", heads: ["1.1"], pattern: "induction", strength: 0.5 }]],
		["a position that is yet to come", [{ kind: "zero", heads: "all", positions: [7] }]],
	])("is what a full run gives at every step: %s", async (_, interventions) => {
		const [made] = await generate(model, [prompt], {
			maxNewTokens: steps,
			interventions,
			logits: true,
			stop: [],
		});
		const { ids, logits } = await recompute(model, prompt, steps, interventions);
		expect(made?.ids).toEqual(ids);
		for (const [i, expected] of logits.entries())
			expect(far(made?.logits?.select(i) as Tensor, expected)).toBeLessThanOrEqual(2e-5);
		const first = logits[0] as Tensor<"float32">;
		const total = first.data.reduce((sum, x) => sum + Math.exp(x), 0);
		expect(made?.logProbs[0]).toBeCloseTo(first.at(ids[0] as number) - Math.log(total), 4);
	});

	test("activations of the new tokens are those of the whole text, in every row", async () => {
		const prompts = [prompt, [40, 7]];
		const names = [/hook_(resid_post|pattern|attn_scores|z)$/, "ln_final.hook_scale"];
		const made = await generate(model, prompts, { maxNewTokens: 4, names, stop: [] });
		for (const { prompt: own, ids, activations } of made) {
			const { cache } = await model.runWithCache([[...own, ...ids]], { names });
			expect(activations?.names).toEqual(cache.names);
			for (const [name, expected] of cache.slicePositions(own.length)) {
				const got = activations?.get(name) as Tensor<"float32">;
				expect(got.shape).toEqual(expected.shape);
				expect(far(finite(got), finite(expected as Tensor<"float32">)), name).toBeLessThanOrEqual(2e-5);
			}
		}
	});

	test("several prompts of different length give what each gives alone", async () => {
		const prompts = [prompt, [40, 7], [3, 3, 11, 60, 31, 5, 2]];
		const together = await generate(model, prompts, { maxNewTokens: 5, stop: [] });
		for (const [i, own] of prompts.entries()) {
			const [alone] = await generate(model, [own], { maxNewTokens: 5, stop: [] });
			expect(together[i]?.ids).toEqual(alone?.ids);
		}
	});
});

test("a step compiles nothing: two programs are all there are", async () => {
	for (const names of [undefined, "blocks.*.attn.hook_pattern"]) {
		const fresh = await language("rand-gpt2");
		const runs = vi.spyOn(engine, "run");
		await generate(fresh, [[5, 9, 23]], {
			maxNewTokens: 10,
			stop: [],
			interventions: [{ kind: "zero", heads: ["0.0"], positions: [1, 6, 8] }],
			...(names && { names }),
		});
		expect(new Set(runs.mock.calls.map(([{ program }]) => program.key)).size).toBe(2);
		expect(runs.mock.calls.length).toBe(names ? 11 : 10);
		runs.mockRestore();
	}
});

test("a row ends at a stop token, the others go on", async () => {
	const prompts = [
		[1, 326, 394, 261, 370, 352, 266, 268, 388],
		[1, 403, 407],
	];
	const free = await generate(stories, prompts, { maxNewTokens: 12 });
	const stop = free[0]?.ids[4] as number;
	const ended = await generate(stories, prompts, { maxNewTokens: 12, stop: [stop] });
	expect(ended[0]).toMatchObject({ ids: free[0]?.ids.slice(0, free[0].ids.indexOf(stop) + 1), end: "stop" });
	const at = free[1]?.ids.indexOf(stop) ?? -1;
	expect(ended[1]?.ids).toEqual(at < 0 ? free[1]?.ids : free[1]?.ids.slice(0, at + 1));
	const [word] = await generate(stories, "Once upon a time", { stop: ["."] });
	expect(word?.text.endsWith(".")).toBe(true);
	expect(word?.text.indexOf(".")).toBe((word?.text.length ?? 0) - 1);
});

test("it ends where the context is full", async () => {
	const { nCtx } = gpt2.config;
	const long = Array.from({ length: nCtx - 2 }, (_, i) => i % 50);
	const [made] = await generate(gpt2, [long], { stop: [], names: "blocks.0.hook_resid_pre" });
	expect(made).toMatchObject({ end: "context" });
	expect(made?.ids).toHaveLength(2);
	expect(made?.activations?.get("resid_pre", 0).shape[1]).toBe(2);
	await expect(generate(gpt2, [[...long, 1, 1]])).rejects.toThrow(
		`prompt: its ${nCtx} tokens fill the model's context`,
	);
});

test("a stream gives the same tokens, and ends when it is left or aborted", async () => {
	const [whole] = await generate(stories, "One day", { maxNewTokens: 20 });
	const pieces: string[] = [];
	for await (const { text, position, row } of streamTokens(stories, "One day", { maxNewTokens: 20 })) {
		expect(row).toBe(0);
		expect(position).toBe(pieces.length + (whole?.prompt.length ?? 0));
		pieces.push(text);
	}
	expect(pieces.join("")).toBe(whole?.text);
	expect(pieces.length).toBe(20);
	const control = new AbortController();
	const seen: number[] = [];
	const aborted = async (): Promise<void> => {
		for await (const { id } of streamTokens(stories, "One day", { signal: control.signal })) {
			seen.push(id);
			if (seen.length === 3) control.abort(new Error("enough"));
		}
	};
	await expect(aborted()).rejects.toThrow("enough");
	expect(seen).toEqual(whole?.ids.slice(0, 3));
});

test("what is not understood is refused", async () => {
	const refused = async (options: object, message: string | RegExp): Promise<void> =>
		expect(generate(gpt2, [[1, 2]], options)).rejects.toThrow(message);
	await refused({ maxNewTokens: 0 }, "maxNewTokens: got 0");
	await refused({ temperature: -1 }, "temperature: got -1");
	await refused({ topK: 5 }, "topK: has no effect at temperature 0");
	await refused({ seed: 5 }, "seed: has no effect at temperature 0");
	await refused({ temperature: 1, topK: 0 }, "topK: got 0, allowed whole numbers 1..");
	await refused({ temperature: 1, topP: 0 }, "topP: got 0, allowed above 0 to 1");
	await refused({ temperature: 1, seed: 0.5 }, "seed: got 0.5");
	await refused({ stop: [1e6] }, "stop[0]: got 1000000, allowed token ids 0..");
	await refused({ names: "blocks.0.hook_pattern" }, /no hook point matches/);
	await refused(
		{ interventions: [{ kind: "zero", heads: "all", positions: [-1] }] },
		"the end moves with every token",
	);
	await refused(
		{ interventions: [{ kind: "knock-out", heads: "all", keys: [-1] }] },
		"interventions[0].keys: got -1",
	);
	const mean = { kind: "mean", heads: "all", over: "batch-and-pos" };
	await refused({ interventions: [mean] }, /a run after a past/);
	await expect(generate(gpt2, [])).rejects.toThrow("prompt: the list is empty");
	await expect(generate(gpt2, [[1, 1e6]])).rejects.toThrow("1000000 is not a token id");
	await expect(
		generate(gpt2, [[1], [1, 2]], { interventions: [{ kind: "zero", heads: "all", positions: [0] }] }),
	).rejects.toThrow("the prompts have different lengths");
	await expect(generate(stories, "", { bos: false })).rejects.toThrow('prompt: "" has no tokens');
	await expect(generate(stories, "One", { stop: ["no such token"] })).rejects.toThrow(
		'stop[0]: "no such token" is not one token',
	);
});
