import fc from "fast-check";
import { expect, test } from "vitest";
import { referenceJson } from "../../test/reference-data.js";
import { TrainError } from "./errors.js";
import { schedule } from "./schedule.js";

interface Facts {
	readonly one_cycle: Record<string, { lr_used_at_step: Record<string, number> }>;
}

const { one_cycle: facts } = referenceJson<Facts>("icl", "facts", "schedules.json");

test.each(Object.keys(facts))("a one-cycle of %s steps has torch's rates, to the last bit", (total) => {
	const lr = schedule({ scheduler_type: "OneCycleLR", max_lr: 1e-3, total_steps: Number(total) });
	const rates = Object.entries(facts[total]?.lr_used_at_step ?? {}).filter(([step]) => /^\d+$/.test(step));
	expect(rates.length).toBeGreaterThan(10);
	for (const [step, rate] of rates) expect([step, lr(Number(step))]).toEqual([step, rate]);
});

test("a one-cycle rises to its peak, falls, and moves by no more than its slope", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 4, max: 5000 }),
			fc.double({ min: 1e-6, max: 10, noNaN: true }),
			fc.double({ min: 0.3, max: 0.7, noNaN: true }),
			(total, maxLr, share) => {
				const lr = schedule({
					scheduler_type: "OneCycleLR",
					max_lr: maxLr,
					total_steps: total,
					pct_start: share,
					div_factor: 25,
					final_div_factor: 1e4,
				});
				const peak = share * total - 1;
				const slope = maxLr / Math.min(peak, total - 1 - peak);
				for (let step = 1; step < total; step++) {
					const change = lr(step) - lr(step - 1);
					expect(lr(step)).toBeGreaterThan(0);
					expect(lr(step)).toBeLessThanOrEqual(maxLr * (1 + 1e-12));
					expect(Math.abs(change)).toBeLessThanOrEqual(slope * (1 + 1e-9));
					if (step <= peak) expect(change).toBeGreaterThan(0);
					if (step - 1 >= peak) expect(change).toBeLessThan(0);
				}
			},
		),
		{ numRuns: 30 },
	);
});

test("a one-cycle refuses steps and settings that torch lets through", () => {
	const lr = schedule({ scheduler_type: "OneCycleLR", max_lr: 1e-3, total_steps: 20 });
	expect(() => lr(20)).toThrow(new TrainError("one-cycle schedule: step 20, allowed 0..19"));
	expect(() => lr(-1)).toThrow(TrainError);
	for (const bad of [
		{ total_steps: 2 },
		{ total_steps: 20, div_factor: 0 },
		{ total_steps: 20, pct_start: 1 },
	]) {
		expect(() => schedule({ scheduler_type: "OneCycleLR", max_lr: 1e-3, ...bad })).toThrow(TrainError);
	}
});

test("a cosine starts at lr, is half way at the middle and ends at eta_min", () => {
	const lr = schedule({ scheduler_type: "CosineAnnealingLR", lr: 0.1, T_max: 100, eta_min: 0.01 });
	expect([lr(0), lr(50), lr(100)].map((x) => x.toFixed(12))).toEqual([
		"0.100000000000",
		"0.055000000000",
		"0.010000000000",
	]);
	for (let step = 0; step < 100; step++) expect(lr(step + 1)).toBeLessThan(lr(step));
});

test("a constant stays", () => {
	const lr = schedule({ scheduler_type: "constant", lr: 0.3 });
	expect([lr(0), lr(1e6)]).toEqual([0.3, 0.3]);
});
