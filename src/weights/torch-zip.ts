import { quote, refuse } from "./errors.js";
import type { Source } from "./source.js";

/** Most entries of an archive that are read: one per tensor and half a dozen more. */
export const MAX_ZIP_ENTRIES = 2 ** 17;

/** Longest table of contents: some 100 bytes an entry. */
const MAX_DIRECTORY = 16 * 2 ** 20;

/** One stored file of an archive. */
export interface ZipEntry {
	readonly name: string;
	/** Length in bytes; stored entries are as long in the archive as outside. */
	readonly size: number;
	readonly crc: number;
	/** Where its local header begins. */
	readonly header: number;
	/** Where the next entry or the table of contents begins: no byte of this entry lies there or after. */
	readonly limit: number;
}

/** A ZIP archive whose entries are read one by one, by range. */
export interface ZipArchive {
	readonly entries: ReadonlyMap<string, ZipEntry>;
	/** The entry's bytes, checked against its checksum. */
	read(entry: ZipEntry): Promise<Uint8Array>;
}

/**
 * Opens a ZIP archive (PKWARE's APPNOTE.TXT, with the 64-bit records) through its table of contents.
 * Only stored entries are read, which is what `torch.save` writes: none can be larger than the file,
 * and as entries may not overlap, all together cannot be either.
 */
export async function openZip(source: Source): Promise<ZipArchive> {
	const where = source.name;
	const directory = await findDirectory(source);
	const entries = await readDirectory(source, directory);
	return {
		entries,
		async read(entry) {
			const at = `entry ${quote(entry.name)}`;
			const local = viewOfBytes(await source.read(entry.header, 30));
			if (local.getUint32(0, true) !== 0x04034b50) refuse(where, `${at} has no local header (damaged?)`);
			const start = entry.header + 30 + local.getUint16(26, true) + local.getUint16(28, true);
			if (start + entry.size > entry.limit) {
				refuse(where, `${at} ends at byte ${start + entry.size}, the next one begins at ${entry.limit}`);
			}
			const bytes = await source.read(start, entry.size);
			// torch leaves 0 where it was told not to compute checksums
			if (entry.crc !== 0 && crc32(bytes) !== entry.crc)
				refuse(where, `${at} does not match its checksum (damaged?)`);
			return bytes;
		},
	};
}

interface Directory {
	readonly offset: number;
	readonly size: number;
	readonly count: number;
}

/** Reads the end record, which lies at most a comment of 65535 bytes before the end. */
async function findDirectory(source: Source): Promise<Directory> {
	const where = source.name;
	const size = await source.size();
	const length = Math.min(size, 22 + 0xffff);
	const tail = await source.read(size - length, length);
	const view = viewOfBytes(tail);
	let at = length - 22;
	while (
		at >= 0 &&
		!(view.getUint32(at, true) === 0x06054b50 && at + 22 + view.getUint16(at + 20, true) === length)
	)
		at--;
	if (at < 0) refuse(where, "is not a ZIP archive, as torch.save writes since 1.6 (truncated?)");
	let directory = {
		count: view.getUint16(at + 10, true),
		size: view.getUint32(at + 12, true),
		offset: view.getUint32(at + 16, true),
	};
	let end = size - length + at;
	if (at >= 20 && view.getUint32(at - 20, true) === 0x07064b50) {
		const record = number64(view, at - 12);
		if (record + 56 > end - 20) refuse(where, `its 64-bit end record at byte ${record} is outside the file`);
		const wide = viewOfBytes(await source.read(record, 56));
		if (wide.getUint32(0, true) !== 0x06064b50) refuse(where, `has no 64-bit end record at byte ${record}`);
		directory = { count: number64(wide, 32), size: number64(wide, 40), offset: number64(wide, 48) };
		end = record;
	}
	if (directory.count > MAX_ZIP_ENTRIES || directory.size > MAX_DIRECTORY) {
		refuse(
			where,
			`lists ${directory.count} entries in ${directory.size} bytes, allowed ${MAX_ZIP_ENTRIES} in ${MAX_DIRECTORY}`,
		);
	}
	if (directory.offset + directory.size > end) {
		refuse(where, `its table of contents ends at byte ${directory.offset + directory.size}, allowed ${end}`);
	}
	return directory;
}

async function readDirectory(source: Source, directory: Directory): Promise<Map<string, ZipEntry>> {
	const where = source.name;
	const view = viewOfBytes(await source.read(directory.offset, directory.size));
	const found: Omit<ZipEntry, "limit">[] = [];
	const names = new TextDecoder();
	for (let at = 0, i = 0; i < directory.count; i++) {
		if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) {
			refuse(where, `its table of contents breaks off at entry ${i} of ${directory.count}`);
		}
		const nameEnd = at + 46 + view.getUint16(at + 28, true);
		const extraEnd = nameEnd + view.getUint16(at + 30, true);
		if (extraEnd > view.byteLength) refuse(where, `entry ${i} has a name beyond the table of contents`);
		const name = names.decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameEnd - at - 46));
		if (view.getUint16(at + 10, true) !== 0) {
			refuse(where, `entry ${quote(name)} is compressed; torch stores its entries, only these are read`);
		}
		if (view.getUint16(at + 8, true) & 1) refuse(where, `entry ${quote(name)} is encrypted`);
		const [size, packed, header] = sizesOf(view, at, nameEnd, extraEnd);
		if (size !== packed || !(header + 30 + size <= directory.offset)) {
			refuse(where, `entry ${quote(name)} of ${size} bytes at ${header} does not fit the file`);
		}
		found.push({ name, size, header, crc: view.getUint32(at + 16, true) });
		at = extraEnd + view.getUint16(at + 32, true);
	}
	found.sort((a, b) => a.header - b.header);
	const entries = new Map<string, ZipEntry>();
	for (const [i, entry] of found.entries()) {
		if (entries.has(entry.name)) refuse(where, `has two entries ${quote(entry.name)}`);
		const limit = found[i + 1]?.header ?? directory.offset;
		if (entry.header + 30 + entry.size > limit)
			refuse(where, `entry ${quote(entry.name)} overlaps the next one`);
		entries.set(entry.name, { ...entry, limit });
	}
	return entries;
}

/** Size, packed size and header offset, the 64-bit ones of the extra field where 32 bits are all ones. */
function sizesOf(view: DataView, at: number, extraStart: number, extraEnd: number): [number, number, number] {
	const fields = [
		view.getUint32(at + 24, true),
		view.getUint32(at + 20, true),
		view.getUint32(at + 42, true),
	];
	for (let field = extraStart; field + 4 <= extraEnd; ) {
		const end = field + 4 + view.getUint16(field + 2, true);
		if (view.getUint16(field, true) === 1) {
			let next = field + 4;
			for (const [i, value] of fields.entries()) {
				if (value !== 0xffffffff || next + 8 > Math.min(end, extraEnd)) continue;
				fields[i] = number64(view, next);
				next += 8;
			}
		}
		field = end;
	}
	return fields as [number, number, number];
}

/** A 64-bit count; beyond 2^53 it is no longer exact, but is refused as too large all the same. */
function number64(view: DataView, at: number): number {
	return Number(view.getBigUint64(at, true));
}

function viewOfBytes(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

let table: Uint32Array | undefined;

/** The checksum of ZIP (polynomial 0xedb88320). */
export function crc32(bytes: Uint8Array): number {
	table ??= Uint32Array.from({ length: 256 }, (_, n) => {
		for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
		return n;
	});
	let crc = -1;
	for (let i = 0; i < bytes.length; i++) {
		crc = (table[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
	}
	return ~crc >>> 0;
}
