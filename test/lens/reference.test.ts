/** The logit lens and direct logit attribution against the reference; in one file, so that models are loaded once. */
import { afterAll, describe, expect, test } from "vitest";
import { difference, type Tensor } from "../../src/index.js";
import { type DirectAttribution, directAttribution, logitLens } from "../../src/lens/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { isThere, loadPairModel, PAIRS, readPair } from "./pairs.js";

const engine = await LocalEngine.create({ threads: 2 });
afterAll(() => engine.dispose());

/** Values of the parts of a kind, in their order, for one row and place. */
const valuesOf = ({ parts, values }: DirectAttribution, kind: string): number[] =>
	parts.flatMap((part, i) => (part.kind === kind ? [values.at(i, 0, 0)] : []));

function expectNear(got: readonly number[], wanted: Tensor): void {
	const expected = [...(wanted.data as Float32Array)];
	expect(got).toHaveLength(expected.length);
	const largest = Math.max(...expected.map(Math.abs));
	for (const [i, value] of expected.entries()) {
		expect(Math.abs((got[i] as number) - value), String(i)).toBeLessThanOrEqual(1e-3 * largest);
		if (Math.abs(value) > 1e-3 * largest) expect(Math.sign(got[i] as number)).toBe(Math.sign(value));
	}
	// the same order in the top ten wherever two values differ by more than 2e-3
	const order = [...expected.keys()]
		.sort((a, b) => (expected[b] as number) - (expected[a] as number))
		.slice(0, 10);
	for (const [k, i] of order.entries()) {
		for (const j of order.slice(k + 1)) {
			if ((expected[i] as number) - (expected[j] as number) > 2e-3) {
				expect(got[i]).toBeGreaterThan(got[j] as number);
			}
		}
	}
}

describe.each(PAIRS)("%s, prompt %s", (name, pair) => {
	test.skipIf(!isThere(name))(
		"logits, ranks and best tokens are the reference's (needs the weights)",
		async () => {
			const model = await loadPairModel(name, engine);
			const { ids, answer, wrong, at, keys } = await readPair(name, pair);
			const lens = await logitLens(model, ids, { answers: answer, wrong, top: 10, logits: true });
			expect(lens.labels).toEqual([
				...Array.from({ length: model.config.nLayers }, (_, l) => `${l}_pre`),
				"final_post",
			]);
			const expected = at("lens_answer_logits"); // [point, pos, 2]
			const [points, pos] = expected.shape as [number, number];
			const near = (got: number, wanted: number): void => {
				expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-3 * Math.max(1, Math.abs(wanted) / 10));
			};
			for (let p = 0; p < points; p++) {
				for (let i = 0; i < pos; i++) {
					near(lens.answer?.logits.at(p, 0, i) as number, expected.at(p, i, 0));
					near(lens.wrong?.logits.at(p, 0, i) as number, expected.at(p, i, 1));
					// tokens as close as rounding may change places
					const apart = Math.abs(
						(lens.answer?.ranks.at(p, 0, i) as number) - at("lens_answer_rank").at(p, i),
					);
					expect(apart).toBeLessThanOrEqual(1);
				}
			}
			const best = lens.top?.ids.slice(2, -1) as Tensor; // [point, 1, 1, 10]
			const values = at("lens_top10_values_last");
			for (let p = 0; p < points; p++) {
				for (let k = 0; k < 10; k++) {
					const apart = k < 9 ? values.at(p, k) - values.at(p, k + 1) : 0;
					const before = k > 0 ? values.at(p, k - 1) - values.at(p, k) : 1;
					if (Math.min(apart, before) > 2e-3)
						expect(best.at(p, 0, 0, k)).toBe(at("lens_top10_ids_last").at(p, k));
				}
			}
			if (!keys.includes("lens_logits_last")) return;
			const last = (lens.logits as Tensor).slice(2, -1).reshape(at("lens_logits_last").shape);
			expect(difference(last, at("lens_logits_last")).maxAbs).toBeLessThanOrEqual(1e-3);
		},
	);

	test.skipIf(!isThere(name))(
		"heads, layers and embedding are the reference's (needs the weights)",
		async () => {
			const model = await loadPairModel(name, engine);
			const { ids, answer, wrong, clean, at } = await readPair(name, pair);
			const whole = await directAttribution(model, ids, { answers: answer, wrong });
			expectNear(valuesOf(whole, "attn"), at("dla_attn"));
			expectNear(valuesOf(whole, "mlp"), at("dla_mlp"));
			const embed = valuesOf(whole, "embed").reduce((a, b) => a + b, 0);
			expectNear([embed], at("dla_embed").reshape([1]));
			expect(Math.abs(whole.total.item() - clean)).toBeLessThanOrEqual(1e-3 * Math.max(1, Math.abs(clean)));
			const heads = await directAttribution(model, ids, { answers: answer, wrong, by: "head" });
			expectNear(valuesOf(heads, "head"), at("dla_heads").reshape([at("dla_heads").size]));
		},
	);
});
