/** Cells are told as soon as they are done: each once, with the numbers that the sweep ends with. */
import { afterAll, expect, test } from "vitest";
import { ablateHeads, type DoneCell, patchActivations } from "../../src/causal/index.js";
import { loadModel } from "../../src/index.js";
import { measuring } from "../../src/metrics/index.js";

const model = await loadModel("demo");
afterAll(() => model.dispose());
const prompt = "red fox moon bread king red fox moon bread";

test("of ablations by the heads' order, in several tellings where the memory makes several passes", async () => {
	const measure = await measuring(model, "loss", { prompts: [prompt, `${prompt} king red`] });
	const told: (readonly DoneCell[])[] = [];
	const { cells } = await ablateHeads(measure, { onCells: (done) => told.push(done), memory: 2e6 });
	expect(told.length).toBeGreaterThan(1);
	const all = told.flat();
	expect(all.map(({ cell }) => cell).sort((a, b) => a - b)).toEqual([...cells.keys()]);
	for (const { cell, before, after } of all) {
		expect(after).toBe(cells[cell]?.after);
		expect(before).toBe(cells[cell]?.before);
	}
});

test("of patches by their place in the values", async () => {
	const told: DoneCell[] = [];
	const { values, corrupt } = await patchActivations(model, {
		clean: prompt,
		corrupt: "red fox moon king bread red fox moon bread",
		metric: { kind: "logit-difference", answers: "king", wrong: "red" },
		onCells: (done) => told.push(...done),
	});
	expect(told).toHaveLength(values.size);
	for (const { cell, before, after } of told) {
		expect(after).toBe(values.data[cell]);
		expect(before).toBe(corrupt);
	}
});
