import { expect, test } from "vitest";
import { loadModel } from "../src/models/load-model.js";
import { collectGarbage } from "../test/collect-garbage.js";
import { slopeOf, soak } from "./soak.js";

test("300 runs of every kind end as they must, and the same runs give the same bits before and after", async () => {
	const { counts, equal, samples } = await soak(loadModel, collectGarbage, { runs: 300, threads: ["same"] });
	expect(equal).toBe(true);
	expect(samples.map(({ runs }) => runs)).toEqual([100, 200, 300]);
	// each kind was there: what was not drawn was not tested
	expect(Object.keys(counts).length).toBe(11);
	expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
});

test("the slope is that of the line through the samples behind the skipped ones", () => {
	const at = (runs: number, rss: number) => ({ runs, rss, heap: 0 });
	const samples = [at(100, 9e9), at(1000, 50), at(2000, 70), at(3000, 90)];
	expect(slopeOf(samples, "rss", 500)).toBeCloseTo(20);
	expect(slopeOf(samples, "heap", 500)).toBe(0);
});
