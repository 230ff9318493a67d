import { fileSource } from "#file-source";
import { blobName, blobSource, bytesSource, type Source, urlSource } from "./source.js";

/** Where a file is, as plain data: it can be posted to a worker, which opens the file itself. */
export type FileRef =
	| { readonly path: string }
	| { readonly url: string }
	| { readonly blob: Blob; readonly name?: string }
	| { readonly bytes: Uint8Array; readonly name?: string };

/** Opens a reference. `fetch` serves URLs (default: the global one); a path needs Node. */
export function openSource(ref: FileRef, options: { fetch?: typeof fetch } = {}): Source {
	if ("path" in ref) return fileSource(ref.path);
	if ("url" in ref) return urlSource(ref.url, options);
	if ("blob" in ref) return blobSource(ref.blob, ref.name);
	return bytesSource(ref.bytes, ref.name);
}

/** What errors call a reference. */
export function nameOf(ref: FileRef): string {
	if ("path" in ref) return ref.path;
	if ("url" in ref) return ref.url;
	return ref.name ?? ("blob" in ref ? blobName(ref.blob) : "bytes");
}

/** Opens a reference, hands it to `use`, and closes it however that ends. */
export async function withSource<T>(
	ref: FileRef,
	options: { fetch?: typeof fetch },
	use: (source: Source) => Promise<T>,
): Promise<T> {
	const source = openSource(ref, options);
	try {
		return await use(source);
	} finally {
		await source.close?.();
	}
}
