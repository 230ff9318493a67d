import { messageOf, refuse } from "./errors.js";

/** Bytes that can be read in any order: a file, a dropped file, a URL or an array. */
export interface Source {
	/** What errors call it: a path, a URL, a file name. */
	readonly name: string;
	/** Length in bytes. */
	size(): Promise<number>;
	/** Exactly `length` bytes from `offset`; a range that leaves the source is an error. */
	read(offset: number, length: number): Promise<Uint8Array>;
	close?(): Promise<void>;
}

/** An array in memory; reads are views of it. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): Source {
	return {
		name,
		size: async () => bytes.length,
		async read(offset, length) {
			checkRange(name, bytes.length, offset, length);
			return bytes.subarray(offset, offset + length);
		},
	};
}

/** A browser's File or Blob. */
export function blobSource(blob: Blob, name = blobName(blob)): Source {
	return {
		name,
		size: async () => blob.size,
		async read(offset, length) {
			checkRange(name, blob.size, offset, length);
			return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
		},
	};
}

/** Bytes that the first request of a URL asks for: a header, or all of a small file. */
const FIRST = 2 ** 20;

/** What the first request of a URL brought. */
interface Opened {
	readonly size: number;
	/** The first bytes of the file; where the server ignores ranges, all of them. */
	readonly first: Uint8Array;
}

/**
 * A URL read by HTTP ranges. What the first request brings (1 MiB; from a server that ignores ranges the whole file) is
 * kept in memory: a small file costs one request.
 */
export function urlSource(url: string, options: { fetch?: typeof fetch } = {}): Source {
	const request = options.fetch ?? fetch;
	let opened: Promise<Opened> | undefined;

	const get = async (first: number, last: number): Promise<Response> => {
		let response: Response;
		try {
			response = await request(url, { headers: { Range: `bytes=${first}-${last}` } });
		} catch (error) {
			return refuse(url, `cannot be reached: ${messageOf(error)}`, error);
		}
		if (!response.ok) refuse(url, `the server answered ${response.status} ${response.statusText}`);
		return response;
	};
	const body = async (response: Response): Promise<Uint8Array> => {
		try {
			return new Uint8Array(await response.arrayBuffer());
		} catch (error) {
			return refuse(url, `the download broke off: ${messageOf(error)}`, error);
		}
	};
	const open = async (): Promise<Opened> => {
		const response = await get(0, FIRST - 1);
		if (response.status !== 206) {
			const whole = await body(response);
			return { size: whole.length, first: whole };
		}
		const range = response.headers.get("content-range") ?? "";
		const size = Number(/\/(\d+)$/.exec(range)?.[1] ?? Number.NaN);
		if (!Number.isSafeInteger(size)) refuse(url, `the server gives no file size (Content-Range: "${range}")`);
		const first = await body(response);
		const expected = Math.min(FIRST, size);
		if (first.length !== expected)
			refuse(url, `asked for ${expected} bytes at 0, the server sent ${first.length}`);
		return { size, first };
	};
	const state = (): Promise<Opened> => {
		opened ??= open();
		return opened;
	};

	return {
		name: url,
		size: async () => (await state()).size,
		async read(offset, length) {
			const { size, first } = await state();
			checkRange(url, size, offset, length);
			if (offset + length <= first.length) return first.subarray(offset, offset + length);
			if (length === 0) return new Uint8Array(0);
			const response = await get(offset, offset + length - 1);
			// a 200 here would be the file's beginning, not the range
			if (response.status !== 206) refuse(url, `asked for a range, the server answered ${response.status}`);
			const bytes = await body(response);
			if (bytes.length !== length) {
				refuse(url, `asked for ${length} bytes at ${offset}, the server sent ${bytes.length}`);
			}
			return bytes;
		},
	};
}

/** Refuses a range that is not made of whole numbers or leaves the file. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
	if (
		!Number.isSafeInteger(offset) ||
		!Number.isSafeInteger(length) ||
		offset < 0 ||
		length < 0 ||
		offset + length > size
	) {
		refuse(name, `${length} bytes at offset ${offset} are outside the file of ${size} bytes`);
	}
}

/** A File has a name, a Blob has none. */
export function blobName(blob: Blob): string {
	return "name" in blob && typeof blob.name === "string" ? blob.name : "blob";
}
