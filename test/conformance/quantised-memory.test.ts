/** Peaks are those of the process, so this file needs one of its own: vitest's default pool gives it one. */
import { isMainThread } from "node:worker_threads";
import { expect, test } from "vitest";
import { loadModel } from "../../src/index.js";
import { smollm2 } from "../real-models.js";

test.skipIf(smollm2.reason)(
	`SmolLM2-135M in blocks runs in less than its float32 weights alone take ${smollm2.reason ?? ""}`,
	async () => {
		expect(isMainThread).toBe(true);
		const before = process.resourceUsage().maxRSS * 1024;
		await using model = await loadModel(smollm2.path, { weights: "quantised" });
		const { cache } = await model.runWithCache([Array.from({ length: 64 }, (_, i) => 100 + 7 * i)], {
			names: /hook_pattern$/,
			logits: false,
		});
		expect(cache.size).toBe(model.config.nLayers);
		const grown = process.resourceUsage().maxRSS * 1024 - before;
		expect(grown).toBeLessThan(0.75 * 4 * 134_515_008);
	},
	300_000,
);
