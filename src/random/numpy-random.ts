import { Mt19937 } from "./mt19937.js";

/** The legacy stream of numpy (`numpy.random.seed`, `RandomState`): MT19937 seeded with one integer. */
export class NumpyRandom {
	private readonly engine: Mt19937;

	/** @throws {RangeError} unless the seed is a whole number from 0 to 2^32 - 1, all that numpy takes. */
	constructor(seed: number) {
		this.engine = new Mt19937(checkSeed(seed));
	}

	/** Starts anew, as `numpy.random.seed`. */
	setSeed(seed: number): void {
		this.engine.setSeed(checkSeed(seed));
	}

	/**
	 * Whole numbers in [low, high), as `numpy.random.randint(low, high, count)`: the lowest bits of one output,
	 * as many as the range needs, drawn again while they are too large. A range of one draws nothing.
	 * @throws {RangeError} for an empty range and one of more than 2^32 - 1 numbers.
	 */
	integers(count: number, low: number, high: number): Int32Array<ArrayBuffer> {
		const most = high - low - 1;
		if (!Number.isInteger(low) || !Number.isInteger(high) || most < 0 || most >= 2 ** 32 - 1) {
			throw new RangeError(`random: no whole numbers in [${low}, ${high})`);
		}
		const mask = most === 0 ? 0 : 0xffffffff >>> Math.clz32(most);
		return Int32Array.from({ length: count }, () => {
			if (most === 0) return low;
			for (;;) {
				const drawn = (this.engine.bits() & mask) >>> 0;
				if (drawn <= most) return low + drawn;
			}
		});
	}
}

function checkSeed(seed: number): number {
	if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
		throw new RangeError(`random: numpy seed ${seed}, allowed whole numbers from 0 to 2^32 - 1`);
	}
	return seed;
}
