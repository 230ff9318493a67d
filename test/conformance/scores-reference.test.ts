/** Head scores of four models against TransformerLens: |difference| <= 1e-4, and the same five best heads. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCheckpoint } from "../../src/models/load-model.js";
import type { Model } from "../../src/models/model.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { detectHead, type HeadScores, scoreHeads } from "../../src/scores/index.js";
import type { Tensor } from "../../src/tensor/index.js";
import { openCheckpoint } from "../../src/weights/node.js";
import { smollm2 } from "../real-models.js";
import { referenceJson, referencePath, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create();
afterAll(() => engine.dispose());

interface About {
	n: number;
	bos: number;
	detect_ids: number[][];
}

/** Indices of the five largest. */
function topFive(values: ArrayLike<number>): number[] {
	return Array.from(values, (value, i) => ({ value, i }))
		.sort((a, b) => b.value - a.value)
		.slice(0, 5)
		.map(({ i }) => i)
		.sort((a, b) => a - b);
}

function expectScores(name: string, got: ArrayLike<number>, expected: Tensor, tolerance = 1e-4): void {
	expect(got.length, name).toBe(expected.size);
	const off = Math.max(...Array.from(got, (value, i) => Math.abs(value - Number(expected.data[i]))));
	expect(off, name).toBeLessThanOrEqual(tolerance);
	expect(topFive(got), `${name}: the five best heads`).toEqual(topFive(expected.data as Float32Array));
}

/** What each key of the repeats is, by the name of the score. */
const REPEAT_KEYS: Readonly<Record<string, string>> = {
	induction: "induction-repeat:tl-compatible",
	induction_second_copy: "induction-repeat:second-copy",
	previous_token: "previous-token",
	duplicate_token: "duplicate-token:tl-compatible",
	duplicate_token_second_copy: "duplicate-token:second-copy",
	current_token: "current-token",
	first_position: "first-token",
	entropy: "entropy",
};

const folder = (name: string): string => referencePath("lm", "models", name);
const MODELS = [
	...["tiny-gpt2-induction", "tiny-llama-induction", "stories260k"].map((name) => ({
		name,
		path: folder(name),
	})),
	{ name: "smollm2-135m", path: smollm2.path },
];

for (const { name, path } of MODELS) {
	const title = path === undefined ? `${name} (skipped: ${smollm2.reason})` : name;
	describe.skipIf(path === undefined)(title, { timeout: 300_000 }, () => {
		let model: Model;
		let reference: ReadonlyMap<string, Tensor>;
		const about = referenceJson<About>("lm", "scores", name, "scores.json");
		const at = (key: string): Tensor => reference.get(key) as Tensor;

		beforeAll(async () => {
			reference = await referenceTensors("lm", "scores", name, "scores.safetensors");
			model = await loadCheckpoint(await openCheckpoint(path as string), { engine });
		});
		afterAll(() => model?.dispose());

		test.each(["repeat", "repeat_nobos"])("%s", async (kind) => {
			const keys = Object.entries(REPEAT_KEYS).filter(([key]) => reference.has(`${kind}.${key}`));
			expect(keys.length).toBeGreaterThanOrEqual(4);
			const ids = at(`${kind}.input_ids`).toNested() as number[][];
			const scores = keys.map(([, score]) => score);
			const found = await scoreHeads(model, scores, { ids, period: about.n });
			for (const [key, score] of keys) {
				expectScores(`${kind}.${key}`, (found.get(score) as HeadScores).values.flat(), at(`${kind}.${key}`));
			}
		});

		test("A B X_1..X_N A", async () => {
			const all = at("abxa.input_ids").toNested() as number[][][];
			const expected = at("abxa.attention_last_to_B");
			for (const n of [1, 2, 7, 16, 32]) {
				const rows = (all[n - 1] as number[][]).map((row) => row.slice(0, n + 3));
				for (const [bos, front] of [[], [about.bos]].entries()) {
					const ids = rows.map((row) => [...front, ...row]);
					const { values } = await scoreHeads(model, "induction", { ids });
					expectScores(`N = ${n}, bos ${bos}`, values.flat(), expected.select(bos).select(n - 1));
				}
			}
		});

		test("detect_head", async () => {
			const keys = [...reference.keys()].filter((key) => key.startsWith("detect."));
			expect(keys.length).toBeGreaterThan(50);
			for (const key of keys) {
				const [, which, head = "", measure, bos, current] = key.split(".");
				const prompts = which === "mean" ? about.detect_ids : [about.detect_ids[Number(which)] as number[]];
				const got = await detectHead(model, prompts, head, {
					measure: measure as "mul" | "abs",
					excludeBos: bos === "exclude_bos_true",
					excludeCurrentToken: current === "exclude_current_true",
				});
				// abs is rounded to 3 decimals, so a difference in the last bits can be one step
				if (measure === "mul") expectScores(key, got.data, at(key));
				else expectRounded(key, got.data, at(key));
			}
		});
	});
}

function expectRounded(name: string, got: ArrayLike<number>, expected: Tensor): void {
	const steps = Array.from(got, (value, i) => Math.round((value - Number(expected.data[i])) * 1000));
	expect(Math.max(...steps.map(Math.abs)), name).toBeLessThanOrEqual(1);
	expect(steps.filter((step) => step !== 0).length, name).toBeLessThanOrEqual(1 + got.length / 100);
}

describe.skipIf(smollm2.path === undefined)("what the models show", { timeout: 300_000 }, () => {
	test("the ranking of SmolLM2-135M on repeats begins 18.6, 17.3, 17.4, 17.5, 18.7", async () => {
		await using model = await loadCheckpoint(await openCheckpoint(smollm2.path as string), { engine });
		const { ranking } = await scoreHeads(model, "induction-repeat", { samples: 4, bos: true });
		expect(ranking.slice(0, 5).map(({ head }) => head)).toEqual(["18.6", "17.3", "17.4", "17.5", "18.7"]);
	});
});
