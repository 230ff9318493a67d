import type { Checkpoint, FileRef } from "headscope/weights";
import type { OpenOptions } from "./host.js";

/** The browser's store of weights that were downloaded. */
const STORE = "headscope-weights";

/** Where the hub has the files of `owner/name`; undefined for what is no hub id. */
export function hubAddress(ref: string): string | undefined {
	if (!/^[\w.-]+\/[\w.-]+$/.test(ref)) return undefined;
	return `https://huggingface.co/${ref}/resolve/main/`;
}

/**
 * A checkpoint whose weights lie in this browser: what is on another host is downloaded once, with progress in bytes, and
 * kept for the next time. What is the page's own is left to its host.
 */
export async function withKeptFiles(
	checkpoint: Checkpoint,
	base: string,
	options: OpenOptions,
): Promise<Checkpoint> {
	const files: FileRef[] = [];
	for (const file of checkpoint.files) {
		const elsewhere =
			"url" in file && /^https?:/.test(file.url) && !file.url.startsWith(new URL(base).origin);
		files.push(elsewhere ? { blob: await keptBlob(file.url, options), name: file.url } : file);
	}
	return { ...checkpoint, files };
}

async function keptBlob(url: string, options: OpenOptions): Promise<Blob> {
	// a private window may have no store
	const store = await globalThis.caches?.open(STORE).catch(() => undefined);
	const known = await store?.match(url);
	if (known) return known.blob();
	const response = await download(url, options);
	if (!store) return response.blob();
	try {
		await store.put(url, response);
		return await ((await store.match(url)) as Response).blob();
	} catch (error) {
		await store.delete(url);
		if (options.signal.aborted) throw error;
		// the store is full: this time without it
		return (await download(url, options)).blob();
	}
}

/** A file's answer, whose body tells how far it is. */
async function download(url: string, { signal, onProgress }: OpenOptions): Promise<Response> {
	const response = await fetch(url, { signal });
	if (!response.ok || !response.body)
		throw new Error(`${url}: the server answered ${response.status} ${response.statusText}`);
	const total = Number(response.headers.get("content-length") ?? 0);
	const start = performance.now();
	let done = 0;
	const counted = response.body.pipeThrough(
		new TransformStream<Uint8Array, Uint8Array>({
			transform(bytes, out) {
				done += bytes.length;
				const rate = (1000 * done) / Math.max(1, performance.now() - start);
				onProgress({ stage: "download", what: url, done, total, rate });
				out.enqueue(bytes);
			},
		}),
	);
	return new Response(counted, { headers: response.headers });
}
