import { refuse } from "./errors.js";
import { decodeUtf8 } from "./json.js";

/** Reads bytes from front to back, little-endian; what is announced must be there. */
export class ByteCursor {
	/** Where the next byte is read. */
	at = 0;
	private readonly view: DataView;

	/** @param what what the bytes are, for errors */
	constructor(
		private readonly bytes: Uint8Array,
		private readonly where: string,
		private readonly what: string,
	) {
		this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	uint8(): number {
		return this.view.getUint8(this.skip(1));
	}

	uint16(): number {
		return this.view.getUint16(this.skip(2), true);
	}

	uint32(): number {
		return this.view.getUint32(this.skip(4), true);
	}

	int32(): number {
		return this.view.getInt32(this.skip(4), true);
	}

	/** Inexact beyond 2^53, where every use refuses it as too long. */
	uint64(): number {
		return Number(this.view.getBigUint64(this.skip(8), true));
	}

	float64BigEndian(): number {
		return this.view.getFloat64(this.skip(8), false);
	}

	/** A view of the next bytes. */
	take(length: number): Uint8Array {
		const start = this.skip(length);
		return this.bytes.subarray(start, start + length);
	}

	text(length: number): string {
		return decodeUtf8(this.take(length), this.where, `a text of ${this.what}`);
	}

	/** Text up to the end of the line, which is skipped. */
	line(): string {
		const end = this.bytes.indexOf(0x0a, this.at);
		if (end < 0) refuse(this.where, `${this.what} breaks off in a line (byte ${this.at})`);
		const text = this.text(end - this.at);
		this.at++;
		return text;
	}

	private skip(length: number): number {
		const start = this.at;
		const left = this.bytes.length - start;
		if (length > left) {
			refuse(this.where, `${this.what} breaks off at byte ${start}: ${length} bytes announced, ${left} left`);
		}
		this.at += length;
		return start;
	}
}
