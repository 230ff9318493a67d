/** Activation patching: against TransformerLens' numbers, and the laws it obeys. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patchActivations } from "../../src/causal/patch-activations.js";
import { loadModel, type Model } from "../../src/index.js";
import { readMetric } from "../../src/metrics/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { referencePath } from "../reference-data.js";
import { expectAgreement } from "./agree.js";
import { type Pair, pairsOf } from "./pairs.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());
const load = (name: string): Promise<Model> => loadModel(referencePath("lm", "models", name), { engine });

/** The reference's key, the point, and whether positions are patched one by one. */
const SWEEPS = [
	["patch_resid_pre", "resid_pre", "position"],
	["patch_attn_out", "attn-out", "position"],
	["patch_mlp_out", "mlp_out", "position"],
	["patch_head_out_by_pos", "z", "position"],
	["patch_head_out_all_pos", "z", "all"],
	["patch_head_q_all_pos", "q", "all"],
	["patch_head_k_all_pos", "k", "all"],
	["patch_head_v_all_pos", "v", "all"],
	["patch_head_pattern_all_pos", "pattern", "all"],
] as const;

async function compare(
	{ name, measure, clean, reference, ...pair }: Pair,
	keys: readonly string[],
): Promise<void> {
	for (const [key, at, by] of SWEEPS.filter(([key]) => keys.includes(key))) {
		const found = await patchActivations(measure, { clean, at, by });
		const expected = reference(key);
		expect(found.values.shape, key).toEqual(expected.shape);
		expectAgreement(found.values.data, expected.data as Float32Array, `${name} ${key}`);
		expect(Math.abs(found.clean - pair.cleanMetric)).toBeLessThanOrEqual(1e-3);
		expect(Math.abs(found.corrupt - pair.corruptMetric)).toBeLessThanOrEqual(1e-3);
	}
}

describe.each(["tiny-gpt2-induction", "tiny-llama-induction", "stories260k"])("%s", (name) => {
	let pairs: Pair[];
	let model: Model;
	beforeAll(async () => {
		model = await load(name);
		pairs = await pairsOf(model, name);
	});

	test("every patch gives TransformerLens' metric", async () => {
		for (const pair of pairs)
			await compare(
				pair,
				SWEEPS.map(([key]) => key),
			);
	});

	test("each patch is what the same patch gives alone, by position and query too", async () => {
		const { measure, clean } = pairs[0] as Pair;
		const { cache } = await model.runWithCache(clean);
		const { kvHeads } = { kvHeads: model.config.nKvHeads - 1 };
		for (const at of ["resid_mid", "k", "pattern"]) {
			const positions = [-1, 3];
			const found = await patchActivations(measure, { clean, at, by: "position", positions });
			expect(found.positions).toEqual([clean.shape[1] as number].map((n) => n - 1).concat(3));
			const heads =
				at === "k" ? { kvHeads: [`1.${kvHeads}`] } : at === "pattern" ? { heads: ["1.0"] } : { layers: [1] };
			const head = at === "k" ? [kvHeads] : at === "pattern" ? [0] : [];
			for (const [i, position] of positions.entries()) {
				const [alone] = await readMetric(measure, {
					interventions: [{ kind: "patch", at, from: "clean", positions: [position], ...heads }],
					donors: { clean: cache },
				});
				expect(Math.abs(found.values.at(1, i, ...head) - (alone as number))).toBeLessThanOrEqual(2e-5);
			}
		}
	});

	test("patching a run with itself changes nothing; the whole stream brings the clean run back", async () => {
		const { measure, clean, cleanMetric } = pairs[0] as Pair;
		for (const at of ["resid_pre", "z", "pattern"]) {
			const { values, corrupt, effects } = await patchActivations(measure, { clean: measure.input, at });
			for (const value of values.data) expect(Math.abs(value - corrupt)).toBeLessThanOrEqual(2e-5);
			expect(effects.data.every(Number.isNaN)).toBe(true);
		}
		const { values, effects } = await patchActivations(measure, { clean, by: "all" });
		for (const value of values.data) expect(Math.abs(value - cleanMetric)).toBeLessThanOrEqual(1e-3);
		for (const effect of effects.data) expect(effect).toBeCloseTo(1, 4);
	});
});
