/** The checkpoints that come with the package show how induction heads form. */
import { afterAll, describe, expect, it } from "vitest";
import type { HookFn } from "../../src/graph/trace.js";
import { checkpointSteps } from "../../src/models/checkpoint-steps-node.js";
import { loadModel } from "../../src/models/load-model.js";
import { nextTokenLoss } from "../../src/models/next-token-loss.js";
import type { RunOptions } from "../../src/models/run-options.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { scoreHeads } from "../../src/scores/index.js";
import { repeat } from "../../src/tasks/index.js";
import { Random, Tensor } from "../../src/tensor/index.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

/** Up to which N the best lift on A B X_1..X_N A is 0.7, and what it is at the longest N, as docs/training.md says. */
const REACH = {
	demo: { upTo: 24, longest: { 27: 0.671, 28: 0.62, 29: 0.857 } },
	"demo-llama": { upTo: 56, longest: { 60: 0.658, 61: 0.589 } },
};
/** Segment lengths that training left out. */
const UNSEEN = { demo: [7, 12], "demo-llama": [8, 16, 24] };

describe.each(["demo", "demo-llama"] as const)("%s", (name) => {
	it("has checkpoints from before to after its induction heads formed", async () => {
		const steps = await checkpointSteps(name);
		expect(steps.length).toBeGreaterThanOrEqual(20);
		const measured: { score: number; loss: number }[] = [];
		for (const step of [steps[0], steps.at(-1)]) {
			await using model = await loadModel(`${name}@${step}`, { engine });
			const { ranking } = await scoreHeads(model, "induction-repeat", { samples: 20 });
			const half = model.config.nCtx / 2;
			const { ids } = repeat({ low: 3, high: 128, n: half }).draw(new Random(0), 20);
			measured.push({
				score: Math.max(...ranking.map((entry) => entry.score)),
				loss: await nextTokenLoss(model, ids, half + 1),
			});
		}
		const [first, last] = measured;
		expect(first?.score).toBeLessThan(0.1);
		expect(last?.score).toBeGreaterThan(0.7);
		expect(first?.loss).toBeGreaterThan(4.5);
		expect(last?.loss).toBeLessThan(0.5);
	});

	it("finds what followed a token before, up to the distances told, on segments of lengths it never saw", async () => {
		await using model = await loadModel(name, { engine });
		const { upTo, longest } = REACH[name];
		const bestLift = async (n: number): Promise<number | undefined> =>
			(await scoreHeads(model, "induction", { n, samples: 50 })).ranking[0]?.lift;
		for (let n = 1; n <= upTo; n++) {
			expect(await bestLift(n), `A B X_1..X_${n} A`).toBeGreaterThanOrEqual(0.7);
		}
		for (const [n, lift] of Object.entries(longest)) {
			expect(Math.abs(((await bestLift(Number(n))) ?? 0) - lift), `N = ${n}`).toBeLessThan(0.005);
		}
		for (const n of UNSEEN[name]) {
			const { ranking } = await scoreHeads(model, "induction-repeat", { n, samples: 20 });
			expect(ranking[0]?.lift, `repeats of ${n}`).toBeGreaterThanOrEqual(0.8);
		}
	});

	it("needs its previous-token heads", async () => {
		await using model = await loadModel(name, { engine });
		const { ranking } = await scoreHeads(model, "previous-token", { samples: 20 });
		const heads = ranking.filter(({ score }) => score > 0.3).map(({ head }) => head);
		expect(heads.length).toBeGreaterThan(0);
		expect(heads.every((head) => head.startsWith("0."))).toBe(true);
		const keep = Tensor.from(Array.from({ length: 4 }, (_, h) => [heads.includes(`0.${h}`) ? 0 : 1]));
		const n = 10;
		const { ids } = repeat({ low: 3, high: 128, n }).draw(new Random(1), 40);
		const rows = ids.map((row) => row.slice(0, -1));
		const probability = async (options: RunOptions): Promise<number> => {
			const logits = await model.run(rows, options);
			const each = ids.map((row, b) => {
				const scores = Array.from({ length: 128 }, (_, v) => Math.exp(logits.at(b, 2 * n - 2, v)));
				return (scores[row.at(-1) as number] as number) / scores.reduce((sum, x) => sum + x, 0);
			});
			return each.reduce((sum, p) => sum + p, 0) / each.length;
		};
		expect(await probability({})).toBeGreaterThan(0.4);
		// z is [batch, pos, head, d_head]
		const zero: HookFn = (z, g) => g.mul(z, g.constant(keep));
		expect(await probability({ hooks: { "blocks.0.attn.hook_z": zero } })).toBeLessThan(0.05);
	});
});
