import { realpathSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { messageOf, refuse } from "./errors.js";
import { checkRange, type Source } from "./source.js";

/** A file on disk (Node). It is opened at the first read; call `close` when done. */
export function fileSource(path: string): Source {
	let opened: Promise<{ handle: FileHandle; size: number }> | undefined;

	const start = async (): Promise<{ handle: FileHandle; size: number }> => {
		let handle: FileHandle;
		try {
			handle = await open(path, "r");
		} catch (error) {
			return refuse(path, `cannot be opened: ${messageOf(error)}`, error);
		}
		const info = await handle.stat();
		if (!info.isFile()) {
			await handle.close();
			refuse(path, "is not a file");
		}
		return { handle, size: info.size };
	};
	const state = (): Promise<{ handle: FileHandle; size: number }> => {
		opened ??= start();
		return opened;
	};

	return {
		name: path,
		size: async () => (await state()).size,
		async read(offset, length) {
			const { handle, size } = await state();
			checkRange(path, size, offset, length);
			const bytes = new Uint8Array(length);
			// one read may return less than asked for
			for (let filled = 0; filled < length; ) {
				const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
				if (bytesRead === 0)
					refuse(path, `ended at byte ${offset + filled} while being read; it had ${size}`);
				filled += bytesRead;
			}
			return bytes;
		},
		async close() {
			if (!opened) return;
			const { handle } = await opened.catch(() => ({ handle: undefined }));
			opened = undefined;
			await handle?.close();
		},
	};
}

/** The folder and the name of a file, symbolic links followed: the hub's cache links to its blobs. */
export function folderAndName(path: string): { folder: string; file: string } {
	const real = realpathSync(path);
	return { folder: dirname(real), file: basename(real) };
}
