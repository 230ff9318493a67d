/** A look at a text that is being typed goes on from the one before, and shows what a whole run shows. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadModel, type Model, type Tensor } from "../../src/index.js";
import { lookAt } from "../../src/studio/service/look-rows.js";
import { lookOn, warmUpTyping } from "../../src/studio/service/typed-look.js";
import { difference } from "../../src/tensor/index.js";

const MOST = 40;

/** A text's ids, and edits of it: what is cut off its end, and what is put there. */
const typing = fc.record({
	first: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 }),
	edits: fc.array(
		fc.record({
			cut: fc.integer({ min: 0, max: 12 }),
			added: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 6 }),
		}),
		{ minLength: 1, maxLength: 6 },
	),
});

describe.each(["demo", "demo-llama"])("%s", (name) => {
	let model: Model;
	beforeAll(async () => {
		model = await loadModel(name);
	});
	afterAll(() => model.dispose());

	test("every text of a typing shows the patterns, losses and last logits of a whole run", async () => {
		const close = (got: Tensor<"float32">, expected: Tensor<"float32">): void => {
			expect(got.shape).toEqual(expected.shape);
			expect(difference(got, expected).maxAbs).toBeLessThanOrEqual(2e-5);
		};
		await fc.assert(
			fc.asyncProperty(typing, async ({ first, edits }) => {
				let ids = first;
				for (const { cut, added } of [{ cut: 0, added: [] }, ...edits]) {
					ids = [...ids.slice(0, Math.max(1, ids.length - cut)), ...added].slice(0, MOST);
					const look = await lookOn(model, ids, {});
					const [whole] = await lookAt(model, { ids: [ids] });
					close(look.pattern, (whole as typeof look).pattern);
					close(look.loss, (whole as typeof look).loss);
					expect(look.last.length).toBe(whole?.last.length);
					for (const [i, logit] of look.last.entries())
						expect(Math.abs(logit - (whole?.last[i] as number))).toBeLessThanOrEqual(5e-5);
				}
			}),
			{ numRuns: 25 },
		);
	});

	test("what is the same is not run again", async () => {
		const read = vi.spyOn(model, "read");
		const text = Array.from({ length: 20 }, (_, i) => 1 + (i % 7));
		await lookOn(model, text, {});
		await warmUpTyping(model);
		await lookOn(model, [...text, 9], {});
		await lookOn(model, [...text.slice(0, 15), 9, 9, 9], {});
		await lookOn(model, [5, ...text], {});
		const widths = read.mock.calls.map(([input]) => (input as number[][])[0]?.length);
		// the token before the first new one is run with it, since its loss is new
		expect(widths).toEqual([20, 1, 2, 4, 21]);
		read.mockRestore();
	});
});
