import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CheckpointStore, openS3Storage, type Storage, TrainError } from "../../src/train/index.js";
import { startMoto } from "./moto-server.js";
import { storageConformance } from "./storage-conformance.js";

/** Path of moto_server; `npm test` and `node scripts/test-s3.mjs` install it and set this. */
const program = process.env.HEADSCOPE_MOTO_SERVER;
const credentials = { accessKeyId: "test", secretAccessKey: "test" };

describe.skipIf(!program)("against an S3 server", () => {
	let server: Awaited<ReturnType<typeof startMoto>>;
	let buckets = 0;
	beforeAll(async () => {
		server = await startMoto(program ?? "");
	});
	afterAll(() => server.stop());

	const open = async (endpoint: string, options = {}): Promise<{ storage: Storage; bucket: string }> => {
		const bucket = `bucket-${++buckets}`;
		await fetch(`${server.url}/${bucket}`, { method: "PUT" });
		return { storage: await openS3Storage({ bucket, endpoint, credentials, ...options }), bucket };
	};

	storageConformance(
		"S3",
		async () => {
			const { storage, bucket } = await open(server.url);
			const other = await openS3Storage({ bucket, endpoint: server.url, credentials });
			return { storage, other, close: async () => {} };
		},
		10,
	);

	/** A server before the server, which answers with `faults` first and then passes requests on. */
	async function flaky(
		faults: ("refuse" | "lose the answer" | "cut the upload")[],
	): Promise<{ url: string; calls: () => number; close(): void }> {
		let calls = 0;
		const target = new URL(server.url);
		const proxy = createServer((from, to) => {
			const fault = faults[calls++];
			if (fault === "refuse") {
				from.resume();
				to.writeHead(503).end();
				return;
			}
			if (fault === "cut the upload") {
				from.once("data", () => from.socket.destroy());
				return;
			}
			const options = {
				host: target.hostname,
				port: target.port,
				path: from.url,
				method: from.method,
				headers: from.headers,
			};
			const onward = request(options, (answer) => {
				if (fault === "lose the answer") {
					answer.resume();
					answer.once("end", () => from.socket.destroy());
					return;
				}
				to.writeHead(answer.statusCode ?? 500, answer.headers);
				answer.pipe(to);
			});
			from.pipe(onward);
		});
		await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
		return {
			url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
			calls: () => calls,
			close: () => proxy.close(),
		};
	}

	test("a request that fails is tried again", async () => {
		const proxy = await flaky(["refuse", "refuse"]);
		const { storage } = await open(proxy.url);
		await storage.put("x", Uint8Array.of(1, 2));
		expect(proxy.calls()).toBe(3);
		expect(await storage.get("x")).toEqual(Uint8Array.of(1, 2));
		proxy.close();
	});

	test("a conditional write whose answer was lost knows its own object, and only its own", async () => {
		const proxy = await flaky(["lose the answer"]);
		const { storage, bucket } = await open(proxy.url);
		expect(await storage.putNew("x", Uint8Array.of(1))).toBe(true);
		expect(proxy.calls()).toBeGreaterThan(1);
		const other = await openS3Storage({ bucket, endpoint: server.url, credentials });
		expect(await other.putNew("x", Uint8Array.of(1))).toBe(false);
		proxy.close();
	});

	test("an upload that was cut off leaves nothing", async () => {
		const proxy = await flaky(["cut the upload"]);
		const { storage } = await open(proxy.url, { attempts: 1 });
		await expect(storage.put("x", new Uint8Array(2 ** 20))).rejects.toThrow(
			/^s3:\/\/bucket-\d+\/x: cannot be written: [^\n]+$/,
		);
		expect(await storage.get("x")).toBeUndefined();
		expect(await storage.list("")).toEqual([]);
		proxy.close();
	});

	test("a server that stays away is an error after the attempts, not a miss", async () => {
		const proxy = await flaky(Array.from({ length: 9 }, () => "refuse" as const));
		const { storage } = await open(proxy.url, { attempts: 3 });
		await expect(storage.get("x")).rejects.toThrow(TrainError);
		expect(proxy.calls()).toBe(3);
		proxy.close();
		await expect(storage.exists("x")).rejects.toThrow(/cannot be read: .*ECONNREFUSED/);
	});

	test("a bucket that is not there is an error, not an empty one", async () => {
		const storage = await openS3Storage({ bucket: "no-such-bucket", endpoint: server.url, credentials });
		await expect(storage.get("x")).rejects.toThrow(
			/s3:\/\/no-such-bucket\/x: cannot be read: .*NoSuchBucket/,
		);
		await expect(storage.list("")).rejects.toThrow(/cannot be listed/);
		await expect(storage.put("x", new Uint8Array(1))).rejects.toThrow(/cannot be written/);
	});

	test("the last of more than a page of checkpoints is the last", { timeout: 240_000 }, async () => {
		const { storage } = await open(server.url);
		const run = new CheckpointStore([storage], "icl/long");
		const steps = Array.from({ length: 1050 }, (_, i) => i * 10);
		for (let i = 0; i < steps.length; i += 50) {
			await Promise.all(steps.slice(i, i + 50).map((step) => run.save(step, Uint8Array.of(step & 255))));
		}
		expect(await run.at(-1)).toMatchObject({ step: 10490, bytes: Uint8Array.of(10490 & 255) });
	});
});
