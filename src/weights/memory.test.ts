import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { collectGarbage } from "../../test/collect-garbage.js";
import { loadWeights } from "./load-weights.js";
import { openCheckpoint } from "./open-checkpoint-node.js";
import { bytesSource } from "./source.js";
import { readTensorFile } from "./tensor-file.js";
import type { Progress } from "./weights-spec.js";

// Peaks are those of the process, so this file needs one of its own: vitest's default pool gives it one.
const MB = 2 ** 20;
const peak = (): number => process.resourceUsage().maxRSS * 1024;
const allocated = (): number => {
	const { arrayBuffers, heapUsed } = process.memoryUsage();
	return arrayBuffers + heapUsed;
};

let folder = "";
beforeAll(() => {
	expect(isMainThread).toBe(true);
	folder = mkdtempSync(join(tmpdir(), "headscope-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A header's worth of the shortest entries, which become the most objects per byte. */
function densestSafetensors(): Uint8Array {
	let json = "{";
	for (let i = 0; json.length < 3 * MB - 60; i++) {
		json += `${i ? "," : ""}"${i.toString(36)}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`;
	}
	const text = new TextEncoder().encode(`${json}}`);
	const file = new Uint8Array(8 + text.length);
	new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
	file.set(text, 8);
	return file;
}

/** An array of as many two-letter strings as the limit lets through: 8 + 24 + 2 * 2 bytes are counted for each. */
function densestGguf(): Uint8Array {
	const count = Math.floor((48 * MB - 1000) / 36);
	const file = new Uint8Array(60 + 10 * count);
	const view = new DataView(file.buffer);
	view.setUint32(0, 0x46554747, true);
	view.setUint32(4, 3, true);
	view.setBigUint64(16, 1n, true); // one key, no tensors
	view.setBigUint64(24, 1n, true);
	file[32] = 0x6b;
	view.setUint32(33, 9, true);
	view.setUint32(37, 8, true);
	view.setBigUint64(41, BigInt(count), true);
	for (let i = 0; i < count; i++) {
		view.setBigUint64(49 + 10 * i, 2n, true);
		file.set([33 + (i % 90), 33 + (Math.floor(i / 90) % 90)], 57 + 10 * i);
	}
	return file;
}

test.each([
	["safetensors", densestSafetensors, 50_000],
	["GGUF", densestGguf, 0],
])(
	"the densest %s header within the limits takes the file's size and 64 MB at most",
	async (_, make, least) => {
		const file = make();
		collectGarbage();
		const before = allocated();
		const read = await readTensorFile(bytesSource(file));
		// without a collection in between, so garbage counts as well; pages of the process are too coarse a measure
		expect(allocated() - before).toBeLessThan(file.length + 64 * MB);
		expect(read.entries.size >= least && (read.entries.size === 0) === (least === 0)).toBe(true);
	},
);

/** Writes `count` bfloat16 matrices [1024, 2560] without holding them. */
async function writeShard(name: string, first: number, count: number): Promise<string[]> {
	const length = 1024 * 2560 * 2;
	const names = Array.from({ length: count }, (_, i) => `w${first + i}`);
	const entries = names.map((tensor, i) => [
		tensor,
		{ dtype: "BF16", shape: [1024, 2560], data_offsets: [i * length, (i + 1) * length] },
	]);
	const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
	const prefix = Buffer.alloc(8);
	prefix.writeBigUInt64LE(BigInt(header.length));
	const file = await open(join(folder, name), "w");
	await file.writeFile(Buffer.concat([prefix, header]));
	const matrix = new Uint16Array(length / 2).map((_, i) => 0x3f80 | (i & 0x7f)); // 1 .. 2
	for (let i = 0; i < count; i++) await file.writeFile(new Uint8Array(matrix.buffer));
	await file.close();
	return names;
}

test("300 MB of bfloat16 in two shards load within 1.3 x the float32 weights + 150 MB", async () => {
	const shards = { "a-1.safetensors": await writeShard("a-1.safetensors", 0, 30) };
	const more = { "a-2.safetensors": await writeShard("a-2.safetensors", 30, 30) };
	const map = Object.entries({ ...shards, ...more }).flatMap(([file, names]) => names.map((n) => [n, file]));
	writeFileSync(join(folder, "config.json"), "{}");
	writeFileSync(
		join(folder, "model.safetensors.index.json"),
		JSON.stringify({ weight_map: Object.fromEntries(map) }),
	);
	const checkpoint = await openCheckpoint(folder);
	expect(checkpoint.files).toHaveLength(2);
	const seen: Progress[] = [];
	const weights = await loadWeights(
		{
			files: checkpoint.files,
			tensors: [...checkpoint.entries].map(([name, e]) => ({
				name,
				file: e.file,
				entry: name,
				shape: e.shape,
			})),
		},
		{ onProgress: (progress) => seen.push(progress) },
	);
	const bytes = [...weights.values()].reduce((sum, w) => sum + w.data.byteLength, 0);
	expect(bytes).toBe(60 * 1024 * 2560 * 4);
	// the whole process counts, Node and the test runner included
	expect(peak()).toBeLessThan(1.3 * bytes + 150 * MB);
	expect(weights.get("w59")?.data[129]).toBe(1 + 1 / 128);
	expect(seen.at(-1)).toMatchObject({ stage: "load", done: bytes / 2, total: bytes / 2 });
	expect(seen.length).toBeGreaterThan(60);
});
