/** `headscope sweep run --queue` and `headscope worker` over a real Redis, with what may happen to Redis meanwhile. */
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { SweepRunResult } from "../../src/cli/actions/sweep/run.js";
import type { SweepStatusResult } from "../../src/cli/actions/sweep/status.js";
import type { WorkerResult } from "../../src/cli/actions/worker.js";
import { run } from "../../src/cli/run.js";
import { RedisServer, redisProgram } from "../train/redis-server.js";
import { collector, Folder, runCli, runJson } from "./run-cli.js";

const SWEEP = `
method: grid
parameters:
  task_config:
    parameters:
      task_size: { value: 2 }
      max_examples: { value: 3 }
      num_tasks: { values: [1, 4] }
      embed_size: { value: 8 }
      mlp_size: { value: 8 }
      num_heads: { value: 2 }
      num_layers: { value: 1 }
  num_steps: { value: 12 }
  batch_size: { value: 4 }
  eval_batch_size: { value: 4 }
`;

describe.skipIf(!redisProgram)("a sweep given to workers", () => {
	let server: RedisServer;
	let folder: Folder;
	beforeAll(async () => {
		server = await RedisServer.start(redisProgram ?? "");
		folder = new Folder();
		writeFileSync(folder.at("tiny.yaml"), SWEEP);
	});
	afterAll(async () => {
		folder[Symbol.dispose]();
		await server.stop();
	});
	const sweep = (runs: string, database: number, ...more: string[]): string[] => [
		...["sweep", "run", folder.at("tiny.yaml"), "--storage", folder.at(runs)],
		...["--queue", `${server.url}/${database}`, ...more],
	];
	const worker = (runs: string, database: number): string[] => [
		...["worker", "--queue", `${server.url}/${database}`, "--storage", folder.at(runs), "--until-empty"],
	];
	/** A command that is under way. */
	function start(argv: readonly string[]): { stderr(): string; ended: Promise<number> } {
		const [stdout, stderr] = [collector(), collector()];
		const { signal } = new AbortController();
		const ended = run(argv, { stdout: stdout.stream, stderr: stderr.stream, signal });
		return { stderr: stderr.text, ended };
	}

	test("--detach leaves it to them; a later run of the same file waits until they are done", async () => {
		const args = sweep("detached", 0);
		const left = await runJson<SweepRunResult>(...args, "--detach");
		expect(left).toMatchObject({ finished: 0, failed: 0, waiting: 2 });
		const nothing = await runJson<SweepStatusResult>(
			...["sweep", "status", folder.at("tiny.yaml"), "--storage", folder.at("detached")],
		);
		expect(nothing).toMatchObject({ finished: 0, missing: 2 });

		const waits = runJson<SweepRunResult>(...args);
		const done = await runJson<WorkerResult>(...worker("detached", 0));
		expect(done).toEqual({ finished: 2, failed: 0, left: 0 });
		const { runs, ...counts } = await waits;
		expect(counts).toMatchObject({ finished: 2, failed: 0, waiting: 0 });
		expect(runs.map(({ state, step }) => [state, step])).toEqual([
			["finished", 11],
			["finished", 11],
		]);

		// nothing is left to be given away
		expect(await runJson<SweepRunResult>(...args, "--detach")).toMatchObject({ finished: 2, waiting: 0 });
		expect(await runJson<WorkerResult>(...worker("detached", 0))).toEqual({
			finished: 0,
			failed: 0,
			left: 0,
		});
	});

	test("a Redis that is silent for a while is waited for, which is said once", {
		timeout: 60_000,
	}, async () => {
		const waiting = start(sweep("silent", 1));
		await vi.waitFor(async () => expect((await queued(1)).length).toBe(2), 10_000);
		server.freeze();
		await vi.waitFor(() => expect(waiting.stderr()).toContain("waiting for Redis"), 20_000);
		server.thaw();
		await vi.waitFor(() => expect(waiting.stderr()).toContain("Redis is back"), 20_000);
		expect(await runJson<WorkerResult>(...worker("silent", 1))).toMatchObject({ finished: 2 });
		expect(await waiting.ended).toBe(0);
		expect(waiting.stderr().match(/^.*Redis.*$/gm)).toEqual([
			`waiting for Redis at ${server.url}/1, for up to 5 min 0 s`,
			"Redis is back",
		]);
	});

	test("a Redis that stays away ends it after --patience, and the same command goes on", async () => {
		const waiting = start(sweep("gone", 2, "--patience", "1"));
		await vi.waitFor(async () => expect((await queued(2)).length).toBe(2), 10_000);
		await server.down("SIGKILL");
		expect(await waiting.ended).toBe(1);
		expect(waiting.stderr()).toBe(
			[
				`waiting for Redis at ${server.url}/2, for up to 1 s`,
				`headscope: ${server.url}/2: Redis was away for 1 s; the workers wait for it too; the same command goes on when it is back`,
				"",
			].join("\n"),
		);
		await server.up();
		const again = start(sweep("gone", 2));
		expect(await runJson<WorkerResult>(...worker("gone", 2))).toMatchObject({ finished: 2 });
		expect(await again.ended).toBe(0);
	});

	/** Ids of the jobs that wait in a database. */
	async function queued(database: number): Promise<string[]> {
		const { Redis } = await import("ioredis");
		const redis = new Redis(`${server.url}/${database}`);
		try {
			return await redis.lrange("bull:headscope-sweep:wait", 0, -1);
		} finally {
			redis.disconnect();
		}
	}
});

test("a bucket that fails for a moment is asked again", async () => {
	using folder = new Folder();
	writeFileSync(folder.at("tiny.yaml"), SWEEP);
	let asked = 0;
	// once more than the bucket's own client asks
	const failures = 5;
	const bucket = createServer(({ url }, answer) => {
		asked++;
		const listing = url?.includes("list-type");
		const [status, body] =
			asked <= failures
				? [500, "<Error><Code>InternalError</Code></Error>"]
				: listing
					? [200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"]
					: [404, "<Error><Code>NoSuchKey</Code></Error>"];
		answer.writeHead(status as number, { "content-type": "application/xml" }).end(body);
	});
	await new Promise<void>((resolve) => bucket.listen(0, "127.0.0.1", resolve));
	const before = { ...process.env };
	try {
		const { port } = bucket.address() as AddressInfo;
		process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${port}`;
		process.env.AWS_ACCESS_KEY_ID = "test";
		process.env.AWS_SECRET_ACCESS_KEY = "test";
		const result = await runCli(
			...["sweep", "status", folder.at("tiny.yaml"), "--where", "num_tasks=1"],
			...["--storage", "s3://sweeps", "--json"],
		);
		expect(result).toMatchObject({ code: 0, stderr: "" });
		expect(JSON.parse(result.stdout)).toMatchObject({ finished: 0, missing: 1 });
		expect(asked).toBeGreaterThan(failures);
	} finally {
		process.env = before;
		await new Promise((resolve) => bucket.close(resolve));
	}
});
