/** Sweeps over SmolLM2-135M, some layers of it, against TransformerLens' numbers on the same dequantised weights. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ablateHeads } from "../../src/causal/ablate-heads.js";
import { patchActivations } from "../../src/causal/patch-activations.js";
import { loadModel, type Model, type Tensor } from "../../src/index.js";
import { smollm2 } from "../real-models.js";
import { referenceTensors } from "../reference-data.js";
import { expectAgreement } from "./agree.js";
import { pairsOf } from "./pairs.js";

describe.skipIf(smollm2.reason)(`SmolLM2-135M (${smollm2.reason ?? "real weights"})`, () => {
	let model: Model;
	beforeAll(async () => {
		model = await loadModel(smollm2.path as string);
	});
	afterAll(() => model?.dispose());

	/** Layers that are swept; all of them take a minute. */
	const layers = [24, 29];

	test("every head's zero ablation", async () => {
		const reference = await referenceTensors("lm", "scores", "smollm2-135m", "ablations.safetensors");
		const ids = (reference.get("ablate.input_ids") as Tensor).toNested() as number[][];
		const { nHeads } = model.config;
		const heads = layers.flatMap((l) => [...Array(nHeads).keys()].map((h) => `${l}.${h}`));
		const { cells } = await ablateHeads(model, { ids, metric: "loss@17:32", heads });
		const change = reference.get("ablate.zero_change") as Tensor;
		const expected = layers.flatMap((l) => [...change.select(l).data].map(Number));
		expect(cells.map(({ head }) => head)).toEqual(heads);
		expectAgreement(
			cells.map((cell) => cell.change),
			expected,
			"zero",
		);
	}, 60_000);

	test("residual stream by position, heads over all positions", async () => {
		const [ioi] = await pairsOf(model, "smollm2-135m");
		if (!ioi) throw new Error("no pair");
		const { measure, clean } = ioi;
		for (const [key, at] of [
			["patch_resid_pre", "resid_pre"],
			["patch_head_out_all_pos", "z"],
		] as const) {
			const { values } = await patchActivations(measure, { clean, at, layers });
			const reference = ioi.reference(key);
			expectAgreement(
				values.data,
				layers.flatMap((l) => [...reference.select(l).data].map(Number)),
				key,
			);
		}
	}, 60_000);
});
