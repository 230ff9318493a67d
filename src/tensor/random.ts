/** A seeded stream of random numbers: the same seed gives the same numbers everywhere. */
export class Random {
	private state: Uint32Array;

	/** @param seed a whole number; only its lowest 32 bits count. */
	constructor(seed: number) {
		// splitmix32 fills the state, so that neighbouring seeds start far apart
		let s = seed >>> 0;
		this.state = Uint32Array.from({ length: 4 }, () => {
			s = (s + 0x9e3779b9) >>> 0;
			let z = s;
			z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
			z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
			return (z ^ (z >>> 15)) >>> 0;
		});
	}

	/** 32 random bits (xoshiro128**, Blackman and Vigna 2018). */
	bits(): number {
		const s = this.state as unknown as [number, number, number, number];
		const scrambled = Math.imul(rotl(Math.imul(s[1], 5), 7), 9) >>> 0;
		const t = s[1] << 9;
		s[2] ^= s[0];
		s[3] ^= s[1];
		s[1] ^= s[2];
		s[0] ^= s[3];
		s[2] ^= t;
		s[3] = rotl(s[3], 11);
		return scrambled;
	}

	/** Uniform in [0, 1). */
	uniform(): number {
		return ((this.bits() >>> 5) * 0x4000000 + (this.bits() >>> 6)) / 2 ** 53;
	}

	/** A whole number, uniform in [low, high). */
	integer(low: number, high: number): number {
		if (!(high > low)) throw new RangeError(`random: no whole number in [${low}, ${high})`);
		return low + Math.floor(this.uniform() * (high - low));
	}

	/** Standard normal (Box and Muller 1958). */
	normal(): number {
		const r = Math.sqrt(-2 * Math.log(1 - this.uniform()));
		return r * Math.cos(2 * Math.PI * this.uniform());
	}

	/** `count` different whole numbers in [low, high), in random order. */
	distinct(count: number, low: number, high: number, except: ReadonlySet<number> = new Set()): number[] {
		const room = high - low - [...except].filter((x) => x >= low && x < high).length;
		if (count > room) {
			throw new RangeError(
				`random: ${count} distinct numbers asked of [${low}, ${high}) with ${room} to choose from`,
			);
		}
		const drawn = new Set<number>();
		if (count * 2 > room) {
			const pool = Array.from({ length: high - low }, (_, i) => low + i).filter((x) => !except.has(x));
			return this.shuffle(pool).slice(0, count);
		}
		while (drawn.size < count) {
			const x = this.integer(low, high);
			if (!except.has(x)) drawn.add(x);
		}
		return [...drawn];
	}

	/** A shuffled copy (Fisher and Yates). */
	shuffle<T>(items: readonly T[]): T[] {
		const out = [...items];
		for (let i = out.length - 1; i > 0; i--) {
			const j = this.integer(0, i + 1);
			[out[i], out[j]] = [out[j] as T, out[i] as T];
		}
		return out;
	}
}

function rotl(x: number, k: number): number {
	return (x << k) | (x >>> (32 - k));
}
