import { afterAll, expect, test } from "vitest";
import { nodeHost } from "../../src/studio/server/host-node.js";
import { studioService } from "../../src/studio/service/service.js";
import type { Measurement } from "../../src/studio/service/work/measure.js";

const service = studioService(nodeHost({ models: [], versions: {} }));
afterAll(() => service[Symbol.asyncDispose]());

async function measure(experiment: object): Promise<Measurement> {
	const context = { report: () => {}, signal: new AbortController().signal };
	const reply = await service.measure?.({ text: JSON.stringify(experiment) } as never, context);
	return reply?.value as Measurement;
}

test("what does not fit is left out by what an error is about, however donors are called", async () => {
	const patch = (from: string) => ({ kind: "patch", heads: ["0.1"], from });
	const interventions = [patch("a"), patch("donors.a"), patch('interventions[0]: donor "a"'), patch("b")];
	const { metrics, refused } = await measure({
		model: "demo",
		prompts: ["red fox moon"],
		donors: {
			a: { prompts: ["red fox king"] },
			"donors.a": { prompts: ["red fox"] },
			'interventions[0]: donor "a"': { prompts: ["red fox moon bread"] },
			b: { ids: [[500, 1, 1]] },
		},
		interventions,
		metrics: ["loss", "los", { kind: "log-probability", answers: "moon bread" }],
	});
	expect(refused.map(({ data }) => data)).toEqual(interventions.slice(1));
	expect(refused.map(({ why }) => why)).toEqual([
		expect.stringMatching(/2 tokens, but row 0 has 3/),
		expect.stringMatching(/4 tokens, but row 0 has 3/),
		expect.stringMatching(/500/),
	]);
	expect(metrics[0]?.result?.rows).toBe(1);
	expect(metrics.slice(1).map(({ problem = "" }) => problem)).toEqual([
		expect.stringMatching(/no metric "los"/),
		expect.stringMatching(/2 tokens/),
	]);
});
