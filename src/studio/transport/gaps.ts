/**
 * Floats without their longer runs of zeros, bit for bit: what lies above the diagonal of an attention pattern is half of it.
 *
 * Bytes, all little-endian: the number of floats, the number of runs (uint32); of each run its zeros and the floats behind
 * them (uint32); the floats.
 */

/** Zeros that are worth a run. */
const LEAST_ZEROS = 16;
/** Arrays below, in floats, are not looked through. */
const LEAST_LENGTH = 1024;
/** At least this share of the floats stays, so that bytes from outside cannot ask for much more memory than they are. */
const LEAST_KEPT = 1 / 4;
/** At most this share, or it is not worth it. */
const MOST_KEPT = 3 / 4;

/** Undefined where little would be saved, or too much. */
export function withoutGaps(values: Float32Array): Uint8Array | undefined {
	if (values.length < LEAST_LENGTH) return undefined;
	const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
	// a run is as long as its zeros, at least
	const pairs = new Int32Array(2 * (Math.ceil(values.length / LEAST_ZEROS) + 1));
	let [used, kept] = [0, 0];
	for (let at = 0; at < bits.length; ) {
		const from = at;
		while (bits[at] === 0) at++;
		const start = at;
		let zeros = 0;
		while (at < bits.length && zeros < LEAST_ZEROS) zeros = bits[at++] === 0 ? zeros + 1 : 0;
		// the zeros at its end begin the next run
		at -= zeros === LEAST_ZEROS ? zeros : 0;
		pairs[used++] = start - from;
		pairs[used++] = at - start;
		kept += at - start;
	}
	const runs = pairs.subarray(0, used);
	const words = 2 + used + kept;
	if (kept < LEAST_KEPT * bits.length || words > MOST_KEPT * bits.length) return undefined;
	const packed = new Int32Array(words);
	packed.set([bits.length, used / 2]);
	packed.set(runs, 2);
	let [from, to] = [0, 2 + used];
	for (let i = 0; i < used; i += 2) {
		from += runs[i] as number;
		const count = runs[i + 1] as number;
		packed.set(bits.subarray(from, from + count), to);
		from += count;
		to += count;
	}
	return new Uint8Array(packed.buffer);
}

/** @throws {Error} for bytes that `withoutGaps` did not make */
export function withGaps(bytes: Uint8Array): Float32Array<ArrayBuffer> {
	// a copy: they need not lie where words may begin
	const packed = new Uint32Array(bytes.slice(0, bytes.length - (bytes.length % 4)).buffer);
	const [length = 0, count = 0] = packed;
	const kept = packed.length - 2 - 2 * count;
	if (kept < 0 || length * LEAST_KEPT > kept) throw new Error("a message with an array that is none");
	const bits = new Uint32Array(length);
	let [at, from] = [0, 2 + 2 * count];
	for (let run = 0; run < count; run++) {
		at += packed[2 + 2 * run] as number;
		const size = packed[3 + 2 * run] as number;
		if (at + size > length || from + size > packed.length)
			throw new Error("a message with an array that is none");
		bits.set(packed.subarray(from, from + size), at);
		at += size;
		from += size;
	}
	return new Float32Array(bits.buffer);
}
