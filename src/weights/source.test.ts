import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FileRef, openSource } from "./open-source.js";
import { urlSource } from "./source.js";

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
/** More than a URL's first request brings. */
const large = Uint8Array.from({ length: 2 ** 20 + 1000 }, (_, i) => i % 251);
let folder: string;
let url: string;
const server = createServer((request, response) => {
	const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
	if (request.url === "/gone") return void response.writeHead(410).end();
	if (request.url === "/whole") return void response.end(bytes);
	const file = request.url?.startsWith("/large") ? large : bytes;
	const part = file.subarray(Number(from), Number(to) + 1);
	const short = request.url === "/short" || (request.url === "/large-short" && Number(from) > 0);
	response.writeHead(206, { "content-range": `bytes ${from}-${to}/${file.length}` });
	response.end(short ? part.subarray(1) : part);
});

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "headscope-"));
	writeFileSync(join(folder, "f"), bytes);
	await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
	server.closeAllConnections();
	server.close();
	await rm(folder, { recursive: true });
});

describe.each<[string, () => FileRef]>([
	["a path", () => ({ path: join(folder, "f") })],
	["a URL with ranges", () => ({ url: `${url}/ranges` })],
	["a URL without ranges", () => ({ url: `${url}/whole` })],
	["a blob", () => ({ blob: new Blob([bytes]) })],
	["bytes", () => ({ bytes })],
])("%s", (_, ref) => {
	test("gives the bytes asked for", async () => {
		const source = openSource(ref());
		expect(await source.size()).toBe(1000);
		expect([...(await source.read(10, 5))]).toEqual([10, 11, 12, 13, 14]);
		expect([...(await source.read(995, 5))]).toEqual([...bytes.subarray(995)]);
		expect(await source.read(1000, 0)).toHaveLength(0);
		await source.close?.();
	});

	test.each([
		[999, 2],
		[-1, 2],
		[0, -1],
		[0.5, 1],
		[Number.NaN, 1],
		[0, Number.POSITIVE_INFINITY],
	])("refuses the range %d, %d", async (offset, length) => {
		const source = openSource(ref());
		await expect(source.read(offset, length)).rejects.toThrow(
			`${length} bytes at offset ${offset} are outside the file of 1000 bytes`,
		);
		await source.close?.();
	});
});

describe("what cannot be read is one line", () => {
	test("a path that is not there, or a folder", async () => {
		await expect(openSource({ path: join(folder, "none") }).size()).rejects.toThrow(
			/none: cannot be opened: ENOENT/,
		);
		await expect(openSource({ path: folder }).size()).rejects.toThrow("is not a file");
	});

	test("a URL's later parts", async () => {
		const source = urlSource(`${url}/large`);
		for (const [offset, length] of [
			[0, 9],
			[2 ** 20 - 4, 9],
			[2 ** 20, 1000],
		] as const)
			expect(await source.read(offset, length)).toEqual(large.subarray(offset, offset + length));
	});

	test("a URL that answers with an error, too little, or not at all", async () => {
		await expect(urlSource(`${url}/gone`).size()).rejects.toThrow(/\/gone: the server answered 410/);
		await expect(urlSource(`${url}/short`).read(0, 9)).rejects.toThrow(
			/asked for 1000 bytes at 0, the server sent 999/,
		);
		await expect(urlSource(`${url}/large-short`).read(2 ** 20, 9)).rejects.toThrow(
			/asked for 9 bytes at 1048576, the server sent 8/,
		);
		await expect(urlSource("http://127.0.0.1:1/x").size()).rejects.toThrow(
			/\/x: cannot be reached: .*(bad port|ECONNREFUSED)/,
		);
	});
});
