/** What holds for every objective: a checkpoint's tensors give the weights back, in the optimizer's order. */
import { expect, it } from "vitest";
import { FAMILIES, type FamilyEntry } from "../../src/models/registry.js";
import { regressionConfig } from "../../src/models/regression/index.js";
import type { Tensor } from "../../src/tensor/index.js";
import { OBJECTIVES, type Objective } from "../../src/train/objectives/index.js";

const family = await (FAMILIES.find(({ name }) => name === "gpt2") as FamilyEntry).load();
const sizes = { n_embd: 8, n_layer: 1, n_head: 2, n_positions: 6, vocab_size: 7 };
const task = { task_size: 2, max_examples: 3, embed_size: 8, mlp_size: 8, num_heads: 2, num_layers: 1 };
const CONFIGS: Record<string, unknown> = {
	regression: regressionConfig({ ...task, layer_norm: true, include_output: false }),
	language: { family, config: family.parseConfig(sizes) },
};

it.each(OBJECTIVES.map((o) => [o.name, o as unknown as Objective<unknown>] as const))(
	"%s",
	(name, objective) => {
		const config = CONFIGS[name];
		const weights = objective.initialWeights(config, 3);
		expect([...weights.keys()]).toEqual(objective.parameters(config).map((p) => p.name));
		const state = new Map<string, Tensor>(objective.stateDict(config, weights));
		expect(objective.readState(config, state, "file")).toEqual(weights);
		state.delete([...weights.keys()][0] as string);
		expect(() => objective.readState(config, state, "file")).toThrow(/^file: /);
		expect(objective.loss(config, 2, 3).shape).toEqual([]);
	},
);
