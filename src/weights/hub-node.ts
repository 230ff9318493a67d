import { createHash, type Hash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { downloadFile, HubApiError, modelInfo, type PathInfo, pathsInfo } from "@huggingface/hub";
import { CONFIG_FILES, INDEX_FILE, readWeightMap, SINGLE_FILE } from "./checkpoint.js";
import { messageOf, quote, refuse, WeightsError } from "./errors.js";
import { exists, HubCache, hubToken, offlineByEnvironment } from "./hub-cache-node.js";
import { readJson } from "./json.js";
import { writeWhole } from "./save-safetensors-node.js";
import { type OnProgress, progressMeter } from "./weights-spec.js";

export interface HubOptions {
	/** Branch, tag or commit; default "main". */
	readonly revision?: string;
	/** Use only what the cache has; default: what HF_HUB_OFFLINE says. */
	readonly offline?: boolean;
	readonly onProgress?: OnProgress;
	readonly fetch?: typeof fetch;
	readonly signal?: AbortSignal;
}

/**
 * Brings a model of the Hugging Face hub into the shared cache (HF_HUB_CACHE, HF_HOME), and gives
 * the folder of its files. HF_ENDPOINT names another hub, HF_TOKEN or a stored login opens gated
 * models. A hub that cannot be reached is no error when the cache has the revision.
 *
 * A file is linked into the snapshot only when its size and hash are right, and the revision is
 * noted only when all are there: a download that breaks off leaves nothing that looks whole.
 */
export async function hubSnapshot(name: string, options: HubOptions = {}): Promise<string> {
	const revision = options.revision ?? "main";
	const cache = new HubCache(name, revision);
	const cached = await cache.cached();
	if (options.offline ?? offlineByEnvironment()) {
		if (cached) return cached;
		refuse(name, `revision ${quote(revision)} is not in the cache ${cache.folder}, and offline mode is on`);
	}
	const hub = await connect(name, revision, options);
	const commit = await hub.commit().catch((error: unknown) => {
		if (error instanceof Unreachable && cached) return undefined;
		return hub.explain(error, `; the cache ${cache.folder} does not have it`);
	});
	if (commit === undefined) return cached as string;

	const folder = cache.snapshot(commit);
	const fetchAll = async (files: readonly PathInfo[]): Promise<void> => {
		const missing: PathInfo[] = [];
		for (const file of files) if (!(await exists(join(folder, file.path), file.size))) missing.push(file);
		const total = missing.reduce((sum, file) => sum + file.size, 0);
		const report = progressMeter("download", total, options.onProgress);
		for (const file of missing) await fetchFile(hub, cache, commit, file, report);
	};

	const listed = await hub.files(commit, [...CONFIG_FILES, SINGLE_FILE, INDEX_FILE]);
	const single = listed.some((file) => file.path === SINGLE_FILE);
	const index = listed.find((file) => file.path === INDEX_FILE);
	if (!single && !index)
		refuse(name, `has neither ${SINGLE_FILE} nor ${INDEX_FILE} at revision ${quote(revision)}`);
	const shards: PathInfo[] = [];
	if (index && !single) {
		await fetchAll([index]);
		const path = join(folder, INDEX_FILE);
		const names = [...new Set(readWeightMap(await readJson({ path }), `${name}/${INDEX_FILE}`).values())];
		shards.push(...(await hub.files(commit, names)));
		const absent = names.find((shard) => !shards.some((file) => file.path === shard));
		if (absent) refuse(name, `the shard ${quote(absent)} is missing; ${INDEX_FILE} names it`);
	}
	// what the folder needs, and not an index beside a single file
	await fetchAll([...listed.filter((file) => !(single && file === index)), ...shards]);
	await cache.point(commit);
	return folder;
}

/** The network failed, as opposed to a hub that answered something unwelcome. */
class Unreachable extends Error {}

/** The questions that a download asks of the hub. */
interface Hub {
	readonly signal: AbortSignal | undefined;
	commit(): Promise<string>;
	/** Those of `paths` that exist. */
	files(commit: string, paths: string[]): Promise<PathInfo[]>;
	stream(commit: string, path: string): Promise<ReadableStream<Uint8Array>>;
	/** Turns what the client throws into one line. */
	explain(error: unknown, hint?: string): never;
}

async function connect(name: string, revision: string, options: HubOptions): Promise<Hub> {
	const hubUrl = (process.env.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "");
	const request = options.fetch ?? fetch;
	const { signal } = options;
	const accessToken = await hubToken();
	const common = {
		hubUrl,
		// the client takes no signal, its requests do
		fetch: async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
			try {
				return await request(url, signal ? { ...init, signal } : init);
			} catch (error) {
				signal?.throwIfAborted();
				throw new Unreachable(messageOf(error), { cause: error });
			}
		},
		...(accessToken && { accessToken }),
	};
	const repo = { type: "model", name } as const;

	const explain = (error: unknown, hint = ""): never => {
		if (error instanceof WeightsError || signal?.aborted) throw error;
		if (error instanceof Unreachable) {
			refuse(name, `the hub ${hubUrl} cannot be reached: ${messageOf(error)}${hint}`, error);
		}
		if (!(error instanceof HubApiError)) {
			return refuse(name, `asking the hub ${hubUrl} failed: ${messageOf(error)}`, error);
		}
		const { statusCode: status } = error;
		const login = accessToken
			? "the token in use does not open it"
			: "set HF_TOKEN if it is gated or private";
		if (status === 401 || status === 403) {
			refuse(name, `the hub ${hubUrl} answered ${status}: no such model, or no access; ${login}`, error);
		}
		if (status === 404)
			refuse(name, `no such model or revision (${quote(revision)}) on the hub ${hubUrl}`, error);
		return refuse(name, `the hub ${hubUrl} answered ${status}: ${messageOf(error)}`, error);
	};

	return {
		signal,
		explain,
		async commit() {
			const info = await modelInfo({ ...common, name, revision, additionalFields: ["sha"] });
			return info.sha;
		},
		files: (commit, paths) =>
			pathsInfo({ ...common, repo, revision: commit, paths }).then(
				(found) => found.filter((file) => file.type === "file" && paths.includes(file.path)),
				explain,
			),
		async stream(commit, path) {
			const blob = await downloadFile({ ...common, repo, revision: commit, path }).catch(explain);
			if (!blob) refuse(name, `the hub ${hubUrl} lists ${quote(path)} but does not have it`);
			return blob.stream() as ReadableStream<Uint8Array>;
		},
	};
}

/** Downloads one file into the cache, checks its size and hash, and links it into the snapshot. */
async function fetchFile(
	hub: Hub,
	cache: HubCache,
	commit: string,
	file: PathInfo,
	report: (what: string, bytes: number) => void,
): Promise<void> {
	const { path, size } = file;
	const expected = file.lfs?.oid ?? file.oid ?? "";
	const blob = cache.blob(expected);
	const pointer = join(cache.snapshot(commit), path);
	if (await exists(blob, size)) {
		report(path, size);
		return cache.link(blob, pointer);
	}
	await mkdir(dirname(blob), { recursive: true });
	await writeWhole(blob, async (write) => {
		const hash = hashOf(file);
		let received = 0;
		for await (const chunk of chunksOf(await hub.stream(commit, path), path, hub.signal)) {
			received += chunk.length;
			if (received > size) refuse(path, `the hub sends more than the ${size} bytes that it announced`);
			hash.update(chunk);
			await write(chunk);
			report(path, chunk.length);
		}
		if (received < size) refuse(path, `the download broke off after ${received} of ${size} bytes`);
		const found = hash.digest("hex");
		if (found !== expected) refuse(path, `the download has hash ${found}, the hub says ${expected}`);
	});
	await cache.link(blob, pointer);
}

/** Git's hash of a file's content, or the plain SHA-256 that large files are known by. */
function hashOf(file: PathInfo): Hash {
	return file.lfs ? createHash("sha256") : createHash("sha1").update(`blob ${file.size}\0`);
}

async function* chunksOf(
	stream: ReadableStream<Uint8Array>,
	path: string,
	signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
	const reader = stream.getReader();
	try {
		for (;;) {
			signal?.throwIfAborted();
			const { done, value } = await reader.read();
			if (done) return;
			yield value;
		}
	} catch (error) {
		signal?.throwIfAborted();
		refuse(path, `the download broke off: ${messageOf(error)}`, error);
	} finally {
		// stops the transfer when the consumer gave up half-way
		await reader.cancel().catch(() => {});
	}
}
