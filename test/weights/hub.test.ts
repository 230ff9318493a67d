import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Random, Tensor } from "../../src/tensor/index.js";
import {
	loadWeights,
	openCheckpoint,
	type Progress,
	WeightsError,
	writeSafetensors,
} from "../../src/weights/node.js";
import { COMMIT, type HubServer, startHub } from "./hub-server.js";

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const random = new Random(1);
const matrix = (rows: number): Tensor<"float32"> =>
	new Tensor(
		"float32",
		[rows, 64],
		Float32Array.from({ length: rows * 64 }, () => random.normal()),
	);
const first = matrix(600);
const second = matrix(300);

const SINGLE = new Map([
	["config.json", text({ model_type: "llama" })],
	["tokenizer.json", text({ version: "1.0" })],
	[
		"model.safetensors",
		writeSafetensors(
			new Map([
				["a", first],
				["b", second],
			]),
		),
	],
	["pytorch_model.bin", text("never asked for")],
]);
const SHARDED = new Map([
	["config.json", text({ model_type: "gpt2" })],
	["model.safetensors.index.json", text({ weight_map: { a: "s-1.safetensors", b: "s-2.safetensors" } })],
	["s-1.safetensors", writeSafetensors(new Map([["a", first]]))],
	["s-2.safetensors", writeSafetensors(new Map([["b", second]]))],
]);

let hub: HubServer;
let home: string;
const model = (): string => join(home, "hub", "models--owner--tiny");

async function serve(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
	hub = await startHub(files);
	vi.stubEnv("HF_ENDPOINT", hub.url);
}

beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "headscope-"));
	vi.stubEnv("HF_HOME", home);
	for (const name of [
		"HF_HUB_CACHE",
		"HUGGINGFACE_HUB_CACHE",
		"HF_TOKEN",
		"HF_TOKEN_PATH",
		"HF_HUB_OFFLINE",
	]) {
		vi.stubEnv(name, undefined);
	}
});
afterEach(async () => {
	vi.unstubAllEnvs();
	await hub?.close();
	rmSync(home, { recursive: true });
});

/** Every file of the cache below `folder` that is not a link. */
const plainFiles = (folder: string): string[] =>
	existsSync(folder)
		? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
				lstatSync(join(folder, name)).isFile(),
			)
		: [];

async function refusal(
	ref = "owner/tiny",
	options: Parameters<typeof openCheckpoint>[1] = {},
): Promise<string> {
	const error: unknown = await openCheckpoint(ref, options).then(
		() => undefined,
		(thrown: unknown) => thrown,
	);
	expect(error).toBeInstanceOf(WeightsError);
	const { message } = error as Error;
	expect(message).not.toMatch(/[\n\r]/);
	return message;
}

describe("a model of the hub", () => {
	test("is downloaded into the shared layout, with progress, and its weights load", async () => {
		await serve(SINGLE);
		const seen: Progress[] = [];
		const checkpoint = await openCheckpoint("owner/tiny", { onProgress: (p) => seen.push(p) });
		expect(checkpoint).toMatchObject({
			...{
				format: "folder",
				origin: "owner/tiny",
				config: { model_type: "llama" },
				tokenizer: { version: "1.0" },
			},
			files: [{ path: join(model(), "snapshots", COMMIT, "model.safetensors") }],
		});
		expect(readFileSync(join(model(), "refs", "main"), "utf8")).toBe(COMMIT);
		expect(lstatSync(join(model(), "snapshots", COMMIT, "config.json")).isSymbolicLink()).toBe(true);
		expect(plainFiles(join(model(), "blobs"))).toHaveLength(3);
		expect(hub.requests.join()).not.toContain("pytorch_model.bin");

		const total = [...SINGLE].slice(0, 3).reduce((sum, [, bytes]) => sum + bytes.length, 0);
		expect(seen.at(-1)).toMatchObject({ stage: "download", what: "model.safetensors", done: total, total });
		expect(seen.at(-1)?.rate).toBeGreaterThan(0);

		const tensors = [{ name: "x", file: 0, entry: "b", shape: [300, 64] }];
		const weights = await loadWeights({ files: checkpoint.files, tensors });
		expect(weights.get("x")).toEqual(second);
	});

	test("is not downloaded twice", async () => {
		await serve(SINGLE);
		await openCheckpoint("owner/tiny");
		hub.requests.length = 0;
		await openCheckpoint("owner/tiny", { revision: COMMIT });
		expect(hub.requests.filter((request) => request.includes("/resolve/"))).toEqual([]);
	});

	test("comes in shards, all of which are fetched", async () => {
		await serve(SHARDED);
		const { entries, files } = await openCheckpoint("owner/tiny");
		expect(files).toHaveLength(2);
		expect(entries.get("b")).toEqual({ file: 1, dtype: "F32", shape: [300, 64] });
	});

	test("opens from the cache in offline mode, and when the hub is down", async () => {
		await serve(SINGLE);
		const online = await openCheckpoint("owner/tiny");
		await hub.close();
		expect(await openCheckpoint("owner/tiny")).toEqual(online);
		expect(await openCheckpoint("owner/tiny", { offline: true })).toEqual(online);
		vi.stubEnv("HF_HUB_OFFLINE", "1");
		expect(await openCheckpoint("owner/tiny")).toEqual(online);
		expect(hub.requests.filter((request) => request.includes("revision"))).toHaveLength(1);
	});

	test("is asked for with the user's token", async () => {
		await serve(SINGLE);
		vi.stubEnv("HF_TOKEN", "hf_secret");
		await openCheckpoint("owner/tiny");
		expect(hub.authorization).toBe("Bearer hf_secret");
	});
});

describe("what goes wrong is one line", () => {
	test("the hub cannot be reached and the cache is empty", async () => {
		await serve(SINGLE);
		await hub.close();
		expect(await refusal()).toMatch(
			/^owner\/tiny: the hub http:\S+ cannot be reached: .*ECONNREFUSED.*; the cache \S+ does not have it$/,
		);
	});

	test("offline mode and the cache is empty", async () => {
		await serve(SINGLE);
		expect(await refusal("owner/tiny", { offline: true })).toMatch(
			/revision "main" is not in the cache \S+, and offline/,
		);
		expect(hub.requests).toEqual([]);
	});

	test.each([
		[401, /answered 401: no such model, or no access; set HF_TOKEN/],
		[403, /answered 403: no such model, or no access; set HF_TOKEN/],
		[404, /no such model or revision \("main"\) on the hub/],
		[500, /the hub \S+ answered 500/],
	])("status %i", async (status, message) => {
		await serve(SINGLE);
		hub.status = status;
		expect(await refusal()).toMatch(message);
		expect(plainFiles(home)).toEqual([]);
	});

	test("an unknown model, an unknown revision, a revision that is a path", async () => {
		await serve(SINGLE);
		expect(await refusal("owner/other")).toMatch(/^owner\/other: no such model or revision/);
		expect(await refusal("owner/tiny", { revision: "nowhere" })).toMatch(
			/no such model or revision \("nowhere"\)/,
		);
		expect(await refusal("owner/tiny", { revision: "../../etc" })).toMatch(
			/revision "..\/..\/etc" is not a branch/,
		);
	});

	test("a token of another kind", async () => {
		await serve(SINGLE);
		vi.stubEnv("HF_TOKEN", "secret");
		expect(await refusal()).toMatch(/asking the hub \S+ failed: Your access token must start with 'hf_'/);
	});

	test("a download that breaks off leaves nothing that looks whole, and goes on the next time", async () => {
		await serve(SHARDED);
		hub.cut = { path: "s-2.safetensors", after: 1000 };
		expect(await refusal()).toMatch(/^s-2\.safetensors: the download broke off/);
		expect(existsSync(join(model(), "refs"))).toBe(false);
		expect(readdirSync(join(model(), "snapshots", COMMIT))).not.toContain("s-2.safetensors");
		expect(readdirSync(join(model(), "blobs")).filter((name) => name.includes("incomplete"))).toEqual([]);
		expect(await refusal("owner/tiny", { offline: true })).toMatch(/not in the cache/);

		hub.cut = undefined;
		hub.requests.length = 0;
		expect((await openCheckpoint("owner/tiny")).entries.size).toBe(2);
		expect(hub.requests.filter((r) => r.includes("/resolve/") && r.includes("s-1"))).toEqual([]);
	});

	test("a file with other bytes than the hub lists", async () => {
		await serve(SINGLE);
		hub.replace = { path: "config.json", content: new Uint8Array(0) };
		expect(await refusal()).toMatch(/^config\.json: the download broke off after 0 of 22 bytes/);
		const content = (SINGLE.get("model.safetensors") as Uint8Array).map((byte, i) =>
			i === 5000 ? byte ^ 1 : byte,
		);
		hub.replace = { path: "model.safetensors", content };
		expect(await refusal()).toMatch(/^model\.safetensors: the download has hash [0-9a-f]{64}, the hub says/);
		expect(readdirSync(join(model(), "snapshots", COMMIT))).not.toContain("model.safetensors");
	});

	test("a hub that gives a path as a commit", async () => {
		await serve(SINGLE);
		hub.commit = "../../../../tmp/elsewhere";
		expect(await refusal()).toMatch(/the hub gave ".*elsewhere" as a commit/);
	});

	test("an index whose shard is missing, or leaves the folder", async () => {
		await serve(new Map([...SHARDED].filter(([name]) => name !== "s-2.safetensors")));
		expect(await refusal()).toMatch(/the shard "s-2\.safetensors" is missing/);
		await hub.close();
		await serve(
			new Map([...SHARDED, ["model.safetensors.index.json", text({ weight_map: { a: "../../x" } })]]),
		);
		rmSync(model(), { recursive: true });
		expect(await refusal()).toMatch(/the shard path "..\/..\/x" leaves the folder/);
	});

	test("no weights that can be read", async () => {
		await serve(new Map([...SINGLE].filter(([name]) => name !== "model.safetensors")));
		expect(await refusal()).toMatch(/has neither model\.safetensors nor model\.safetensors\.index\.json/);
	});

	test("an abort is the abort, and leaves nothing", async () => {
		await serve(SINGLE);
		const controller = new AbortController();
		const opening = openCheckpoint("owner/tiny", {
			signal: controller.signal,
			onProgress: ({ what }) => what === "model.safetensors" && controller.abort(),
		});
		await expect(opening).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
		expect(readdirSync(join(model(), "snapshots", COMMIT))).not.toContain("model.safetensors");
	});
});
