import { refuse } from "./errors.js";
import { decodeUtf8 } from "./json.js";

/** Thrown when a header goes on behind the bytes that were read so far. */
export class OutOfBytes extends Error {}

/** Reads the little-endian values of a GGUF header one after another and never beyond the bytes it has. */
export class GgufCursor {
	private at = 0;
	private readonly view: DataView;

	/**
	 * @param bytes the beginning of the file
	 * @param limit bytes that the header may take in all: no length beyond it is believed
	 */
	constructor(
		private readonly bytes: Uint8Array,
		private readonly limit: number,
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

	/** A count of things that take at least `bytesEach` bytes, so that a lie shows before anything is made for it. */
	count(what: string, bytesEach: number, most: number): number {
		const count = this.u64();
		const allowed = Math.min(most, Math.floor((this.limit - this.at) / bytesEach));
		if (count > allowed) refuse(this.where, `${what} ${count}, allowed up to ${allowed}`);
		return Number(count);
	}

	/** A length and as many bytes of UTF-8. */
	text(what: string): string {
		const length = this.count(`${what} has length`, 1, this.limit);
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
