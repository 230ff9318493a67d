import { Mt19937, type Mt19937State } from "./mt19937.js";

/** From this many entries on, torch draws normals in groups and not in pairs. */
const GROUP = 16;
const TWO_PI = 2 * Math.PI;
const TWO_PI_SINGLE = Math.fround(TWO_PI);

/** Where a torch stream stands. */
export interface TorchRandomState extends Mt19937State {
	/** Second normal of the last pair, if it was not given out yet. */
	readonly spare?: number;
}

/**
 * The stream of torch's CPU generator: equal seeds and equal calls give torch's numbers, to the last bit or
 * the one before it. Each call corresponds to one call of torch with that many entries; the count matters,
 * since 16 or more normals are drawn another way than fewer.
 */
export class TorchRandom {
	private readonly engine: Mt19937;
	private spare: number | undefined;

	/** As `torch.manual_seed`. @throws {RangeError} unless the seed is a whole number from 0 to 2^53 - 1. */
	constructor(seed: number) {
		this.engine = new Mt19937(seed);
	}

	/** Starts anew, as `torch.manual_seed`; a kept second normal is forgotten. */
	setSeed(seed: number): void {
		this.engine.setSeed(seed);
		this.spare = undefined;
	}

	/** 32 random bits, as a number in [0, 2^32). */
	bits(): number {
		return this.engine.bits();
	}

	/** Float32 values uniform in [low, high): 24 bits of one output each, as `tensor.uniform_(low, high)`. */
	uniform(count: number, low = 0, high = 1): Float32Array<ArrayBuffer> {
		const out = new Float32Array(checkCount(count));
		const [from, range] = [Math.fround(low), Math.fround(Math.fround(high) - Math.fround(low))];
		for (let i = 0; i < count; i++) out[i] = Math.fround(this.single() * range) + from;
		return out;
	}

	/** One double uniform in [0, 1): 53 bits of two outputs, as a float64 `torch.rand`. */
	uniformDouble(): number {
		const high = this.engine.bits() & 0x1fffff;
		return (high * 2 ** 32 + this.engine.bits()) / 2 ** 53;
	}

	/**
	 * Whole numbers in [0, below), one output each modulo `below`, as `torch.randint(below, [count])`.
	 * @throws {RangeError} unless `below` is a whole number from 1 to 2^28 - 1 (above, torch takes two outputs).
	 */
	integers(count: number, below: number): Int32Array<ArrayBuffer> {
		if (!Number.isInteger(below) || below < 1 || below >= 2 ** 28) {
			throw new RangeError(`random: integers below ${below}, allowed 1 to 2^28 - 1`);
		}
		const out = new Int32Array(checkCount(count));
		for (let i = 0; i < count; i++) out[i] = this.engine.bits() % below;
		return out;
	}

	/**
	 * Float32 normals (Box and Muller 1958), as `tensor.normal_(mean, std)`.
	 * @param mean default 0
	 * @param std standard deviation, default 1; with 0 the stream moves on all the same
	 * @throws {RangeError} for a negative standard deviation.
	 */
	normal(count: number, mean = 0, std = 1): Float32Array<ArrayBuffer> {
		if (!(std >= 0)) throw new RangeError(`random: standard deviation ${std}, allowed from 0`);
		if (checkCount(count) < GROUP)
			return Float32Array.from({ length: count }, () => mean + std * this.pair());
		const out = this.uniform(count);
		const groups = count - (count % GROUP);
		for (let at = 0; at < groups; at += GROUP) toNormals(out, at, mean, std);
		if (groups < count) {
			// torch redraws the last 16 entries, those of the last full group among them
			out.set(this.uniform(GROUP), count - GROUP);
			toNormals(out, count - GROUP, mean, std);
		}
		return out;
	}

	/** Where the stream stands; `restore` goes on from there. */
	state(): TorchRandomState {
		return { ...this.engine.state(), ...(this.spare !== undefined && { spare: this.spare }) };
	}

	/** Goes on from where `state` stood. */
	restore(state: TorchRandomState): void {
		this.engine.restore(state);
		this.spare = state.spare;
	}

	private single(): number {
		return (this.engine.bits() & 0xffffff) * 2 ** -24;
	}

	/** One standard normal in double precision; every second one was made with the one before. */
	private pair(): number {
		const { spare } = this;
		if (spare !== undefined) {
			this.spare = undefined;
			return spare;
		}
		const angle = TWO_PI * this.uniformDouble();
		const radius = Math.sqrt(-2 * Math.log1p(-this.uniformDouble()));
		this.spare = radius * Math.sin(angle);
		return radius * Math.cos(angle);
	}
}

/** Turns 16 uniforms from `at` on into normals: entry j and entry j + 8 make a pair. Rounds where torch does. */
function toNormals(values: Float32Array, at: number, mean: number, std: number): void {
	const { fround } = Math;
	for (let j = at; j < at + GROUP / 2; j++) {
		const radius = fround(Math.sqrt(fround(-2 * fround(Math.log(1 - (values[j] as number))))));
		const angle = fround(TWO_PI_SINGLE * (values[j + 8] as number));
		values[j] = fround(radius * fround(Math.cos(angle))) * std + mean;
		values[j + 8] = fround(radius * fround(Math.sin(angle))) * std + mean;
	}
}

function checkCount(count: number): number {
	if (!Number.isSafeInteger(count) || count < 0) {
		throw new RangeError(`random: ${count} entries, allowed whole numbers from 0`);
	}
	return count;
}
