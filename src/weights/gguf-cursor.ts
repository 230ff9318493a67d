import { refuse } from "./errors.js";
import { decodeUtf8 } from "./json.js";

/** Thrown when a header goes on behind the bytes that were read so far. */
export class OutOfBytes extends Error {}

/** Bytes of an empty string. */
const STRING = 24;

/** Reads the little-endian values of a GGUF header one after another and never beyond the bytes it has. */
export class GgufCursor {
	private at = 0;
	private readonly view: DataView;

	/**
	 * @param bytes the beginning of the file
	 * @param limit bytes that the header may take in all: no length beyond it is believed
	 * @param memory bytes that what is read from it may take
	 */
	constructor(
		private readonly bytes: Uint8Array,
		private readonly limit: number,
		private memory: number,
		readonly where: string,
	) {
		this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	}

	/** Bytes read so far. */
	get position(): number {
		return this.at;
	}

	u8 = (): number => this.view.getUint8(this.take(1));
	i8 = (): number => this.view.getInt8(this.take(1));
	u16 = (): number => this.view.getUint16(this.take(2), true);
	i16 = (): number => this.view.getInt16(this.take(2), true);
	u32 = (): number => this.view.getUint32(this.take(4), true);
	i32 = (): number => this.view.getInt32(this.take(4), true);
	f32 = (): number => this.view.getFloat32(this.take(4), true);
	f64 = (): number => this.view.getFloat64(this.take(8), true);
	u64 = (): number | bigint => exact(this.view.getBigUint64(this.take(8), true));
	i64 = (): number | bigint => exact(this.view.getBigInt64(this.take(8), true));

	/**
	 * A count of things of which each takes at least `least` bytes in the file and `held` in memory,
	 * so that a lie shows before anything is made for it.
	 */
	count(what: string, least: number, held: number): number {
		const count = this.u64();
		const allowed = Math.floor(Math.min((this.limit - this.at) / least, this.memory / held));
		if (count > allowed) refuse(this.where, `${what} ${count}, allowed up to ${allowed}`);
		this.memory -= Number(count) * held;
		return Number(count);
	}

	/** A length and as many bytes of UTF-8. */
	text(what: string): string {
		if (this.memory < STRING) refuse(this.where, `${what} is one string too many for a header`);
		this.memory -= STRING;
		// engines keep two bytes a character as soon as one of them is not in Latin-1
		const length = this.count(`${what} has length`, 1, 2);
		const start = this.take(length);
		return decodeUtf8(this.bytes.subarray(start, start + length), this.where, what);
	}

	private take(length: number): number {
		const start = this.at;
		if (start + length > this.limit) {
			refuse(this.where, `the header goes beyond byte ${this.limit} (truncated, or a wrong length in it)`);
		}
		if (start + length > this.bytes.length) throw new OutOfBytes();
		this.at = start + length;
		return start;
	}
}

/** A number where it is exact, else the bigint. */
function exact(value: bigint): number | bigint {
	const number = Number(value);
	return Number.isSafeInteger(number) ? number : value;
}
