const N = 624;
const M = 397;

/** Where a stream stands: enough to go on from there. */
export interface Mt19937State {
	/** The 624 words of the last block, before tempering. */
	readonly words: Uint32Array;
	/** How many of them were drawn already, 0 to 624. */
	readonly drawn: number;
}

/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), seeded with one integer as in their 2002
 * `init_genrand`. It is the engine under torch's CPU generator and under numpy's legacy `RandomState`.
 */
export class Mt19937 {
	private readonly words = new Uint32Array(N);
	// tempered a block at a time, so that a draw is one read
	private readonly outputs = new Uint32Array(N);
	private drawn = N;

	/** @param seed a whole number from 0; only its lowest 32 bits count. */
	constructor(seed: number) {
		this.setSeed(seed);
	}

	/** Starts anew. @throws {RangeError} unless the seed is a whole number from 0 to 2^53 - 1. */
	setSeed(seed: number): void {
		if (!Number.isSafeInteger(seed) || seed < 0) {
			throw new RangeError(`random: seed ${seed}, allowed whole numbers from 0 to 2^53 - 1`);
		}
		const { words } = this;
		words[0] = seed % 2 ** 32;
		for (let i = 1; i < N; i++) {
			const last = words[i - 1] as number;
			words[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i;
		}
		this.drawn = N;
	}

	/** The next 32 random bits, as a number in [0, 2^32). */
	bits(): number {
		if (this.drawn === N) this.refill();
		return this.outputs[this.drawn++] as number;
	}

	/** A copy of where the stream stands. */
	state(): Mt19937State {
		return { words: this.words.slice(), drawn: this.drawn };
	}

	/** Goes on from a state. @throws {RangeError} for one of another size. */
	restore({ words, drawn }: Mt19937State): void {
		if (words.length !== N || !Number.isInteger(drawn) || drawn < 0 || drawn > N) {
			throw new RangeError(
				`random: state of ${words.length} words, ${drawn} drawn; allowed ${N} words, 0 to ${N} drawn`,
			);
		}
		this.words.set(words);
		this.temper();
		this.drawn = drawn;
	}

	private refill(): void {
		const { words } = this;
		let last = words[0] as number;
		for (let i = 0; i < N; i++) {
			const next = words[i + 1 < N ? i + 1 : 0] as number;
			const mixed = (last & 0x80000000) | (next & 0x7fffffff);
			const far = words[i + M < N ? i + M : i + M - N] as number;
			words[i] = far ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
			last = next;
		}
		this.temper();
		this.drawn = 0;
	}

	private temper(): void {
		for (let i = 0; i < N; i++) {
			let y = this.words[i] as number;
			y ^= y >>> 11;
			y ^= (y << 7) & 0x9d2c5680;
			y ^= (y << 15) & 0xefc60000;
			this.outputs[i] = y ^ (y >>> 18);
		}
	}
}
