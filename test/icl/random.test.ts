import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Mt19937, NumpyRandom, RandomStreams, TorchRandom } from "../../src/random/index.js";
import { referenceJson } from "../reference-data.js";

type Nested = number | Nested[];

interface Streams {
	readonly mt19937_raw_first_8: number[];
	readonly uniform01_float32_8: number[];
	readonly randint_64_8: number[];
	readonly randint_65536_8: number[];
	readonly normal_4_then_normal_3_shared_cache: [number[], number[]];
	readonly normal_16_then_normal_5: [number[], number[]];
	readonly numpy_randint_1_to_8_inclusive_16: number[];
	readonly numpy_randint_1_to_5_inclusive_16: number[];
	readonly batch_like: {
		readonly randint_64_3: number[];
		readonly normal_3x2x4: Nested;
		readonly normal_std_3x2x1: Nested;
	};
}

const facts = referenceJson<Record<string, Streams & Record<`normal_${number}`, number[]>>>(
	"icl",
	"random_streams.json",
);
const seeds = Object.keys(facts).filter((key) => /^\d+$/.test(key));

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>): void {
	expect(got.length).toBe(wanted.length);
	for (let i = 0; i < got.length; i++) {
		expect(Math.abs((got[i] as number) - (wanted[i] as number))).toBeLessThanOrEqual(5e-7);
	}
}

const flat = (nested: Nested): number[] => [nested].flat(3) as number[];

describe.each(seeds)("seed %s", (key) => {
	const seed = Number(key);
	const stream = facts[key] as (typeof facts)[string];

	it("gives the engine's outputs", () => {
		const engine = new Mt19937(seed);
		expect(Array.from({ length: 8 }, () => engine.bits())).toEqual(stream.mt19937_raw_first_8);
	});

	it("gives torch's uniforms and integers", () => {
		expect([...new TorchRandom(seed).uniform(8)]).toEqual(stream.uniform01_float32_8);
		expect([...new TorchRandom(seed).integers(8, 64)]).toEqual(stream.randint_64_8);
		expect([...new TorchRandom(seed).integers(8, 65536)]).toEqual(stream.randint_65536_8);
	});

	it.each([4, 15, 16, 20, 40] as const)("gives torch's %i normals", (count) => {
		expectClose(new TorchRandom(seed).normal(count), stream[`normal_${count}`] as number[]);
	});

	it("keeps the second value of a pair, also past draws of whole groups", () => {
		const random = new TorchRandom(seed);
		const [four, three] = stream.normal_4_then_normal_3_shared_cache;
		expectClose(random.normal(4), four);
		expectClose(random.normal(3), three);
		const [sixteen, five] = stream.normal_16_then_normal_5;
		random.setSeed(seed);
		expectClose(random.normal(16), sixteen);
		expectClose(random.normal(5), five);
	});

	it("gives the draws of a small batch in a row", () => {
		const random = new TorchRandom(seed);
		expect([...random.integers(3, 64)]).toEqual(stream.batch_like.randint_64_3);
		expectClose(random.normal(24), flat(stream.batch_like.normal_3x2x4));
		expectClose(random.normal(6, 0, Math.sqrt(0.125)), flat(stream.batch_like.normal_std_3x2x1));
	});

	it("gives numpy's integers", () => {
		expect([...new NumpyRandom(seed).integers(16, 1, 9)]).toEqual(stream.numpy_randint_1_to_8_inclusive_16);
		expect([...new NumpyRandom(seed).integers(16, 1, 6)]).toEqual(stream.numpy_randint_1_to_5_inclusive_16);
	});
});

describe("streams", () => {
	it("start anew with a seed, a kept normal forgotten", () => {
		const random = new TorchRandom(7);
		const first = random.normal(3);
		random.setSeed(7);
		expect(random.normal(3)).toEqual(first);
	});

	it("go on from a saved state as if nothing had happened", () => {
		const draw = (random: TorchRandom, counts: readonly number[]): number[] =>
			counts.flatMap((count) => [...random.normal(count), ...random.uniform(count)]);
		const counts = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 4 });
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 2 ** 40 }), counts, counts, (seed, before, after) => {
				const random = new TorchRandom(seed);
				draw(random, before);
				const state = random.state();
				const restored = new TorchRandom(0);
				draw(restored, [3]);
				restored.restore(state);
				expect(draw(restored, after)).toEqual(draw(random, after));
			}),
			{ numRuns: 30 },
		);
	});

	it("do not depend on how uniforms are divided into calls", () => {
		fc.assert(
			fc.property(fc.nat(2 ** 31), fc.nat(900), fc.nat(900), (seed, a, b) => {
				const random = new TorchRandom(seed);
				const parts = [...random.uniform(a, -2, 3), ...random.uniform(b, -2, 3)];
				expect(parts).toEqual([...new TorchRandom(seed).uniform(a + b, -2, 3)]);
			}),
			{ numRuns: 30 },
		);
	});

	it("look only at the lowest 32 bits of a seed", () => {
		expect(new TorchRandom(2 ** 32 + 5).normal(20)).toEqual(new TorchRandom(5).normal(20));
	});

	it("move on alike at a standard deviation of 0, and give the mean", () => {
		const [a, b] = [new TorchRandom(1), new TorchRandom(1)];
		expect(new Set(a.normal(19, 2, 0))).toEqual(new Set([2]));
		b.normal(19);
		expect(a.bits()).toBe(b.bits());
	});

	it("are standard normal: mean, variance and fourth moment of a million draws", () => {
		const draws = new TorchRandom(11).normal(1_000_000);
		const moment = (p: number): number => draws.reduce((sum, x) => sum + x ** p, 0) / draws.length;
		expect(Math.abs(moment(1))).toBeLessThan(0.005);
		expect(moment(2)).toBeCloseTo(1, 2);
		expect(Math.abs(moment(4) - 3)).toBeLessThan(0.05);
	});

	it("are seeded together and advance independently", () => {
		const streams = new RandomStreams(4);
		streams.torch.normal(100);
		expect(streams.numpy.integers(5, 0, 100)).toEqual(new NumpyRandom(4).integers(5, 0, 100));
		streams.setSeed(9);
		expect(streams.torch.bits()).toBe(new TorchRandom(9).bits());
	});

	it("draw nothing for a range of one number", () => {
		const random = new NumpyRandom(3);
		expect([...random.integers(4, 1, 2)]).toEqual([1, 1, 1, 1]);
		expect(random.integers(4, 0, 8)).toEqual(new NumpyRandom(3).integers(4, 0, 8));
	});
});

describe("what is refused", () => {
	const random = new TorchRandom(0);
	it.each<[string, () => unknown, RegExp]>([
		["a negative seed", () => new TorchRandom(-1), /seed -1, allowed whole numbers from 0/],
		["a fraction as a seed", () => random.setSeed(0.5), /seed 0\.5/],
		["a numpy seed of 33 bits", () => new NumpyRandom(2 ** 32), /numpy seed 4294967296/],
		["no integers", () => random.integers(1, 0), /integers below 0, allowed 1 to/],
		["a range that takes two outputs", () => random.integers(1, 2 ** 28), /allowed 1 to 2\^28 - 1/],
		["a negative standard deviation", () => random.normal(1, 0, -1), /standard deviation -1/],
		["NaN as a standard deviation", () => random.normal(1, 0, Number.NaN), /standard deviation NaN/],
		["a negative count", () => random.uniform(-1), /-1 entries/],
		["an empty range", () => new NumpyRandom(0).integers(1, 3, 3), /no whole numbers in \[3, 3\)/],
		["a torn state", () => random.restore({ words: new Uint32Array(3), drawn: 0 }), /state of 3 words/],
	])("%s", (_, act, message) => {
		expect(act).toThrow(message);
	});
});
