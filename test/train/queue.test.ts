/**
 * Sweeps by several workers over a real Redis: whatever is killed, frozen or restarted, each run ends with the bits
 * of one that nobody disturbed, and its result is written once. `node scripts/test-queue.mjs` kills more often.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStorage } from "../../src/runs/open-storage-node.js";
import { connectRedis, openQueue } from "../../src/runs/queue/redis-node.js";
import { enqueueRuns, watchSweep } from "../../src/runs/queue/sweep-queue-node.js";
import { runSweepWorker, type WorkerEvent } from "../../src/runs/queue/sweep-worker-node.js";
import { allProgress } from "../../src/runs/run-progress.js";
import { type RunResult, resultKey, weightsHash } from "../../src/runs/run-result.js";
import { SweepBoard } from "../../src/runs/sweep-board.js";
import { sweepRuns } from "../../src/runs/sweep-runs.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { Random } from "../../src/tensor/index.js";
import { parseSweep, type Storage, type SweepRun, trainRegression } from "../../src/train/index.js";
import { LocalStorage } from "../../src/train/node.js";
import { buildSources } from "../runtime/built.js";
import { startMoto } from "./moto-server.js";
import { RedisServer, redisProgram } from "./redis-server.js";

/** How often a worker is killed, and the seed of the moments. */
const KILLS = Number(process.env.HEADSCOPE_KILLS ?? 3);
const SEED = Number(process.env.HEADSCOPE_SEED ?? 0);
/** Most milliseconds that a sweep may take; an idle machine takes a tenth. */
const PATIENCE = 240_000 + 20_000 * KILLS;
const moto = process.env.HEADSCOPE_MOTO_SERVER;

const SWEEP = `
method: grid
parameters:
  task_config:
    parameters:
      task_size: { value: 2 }
      max_examples: { value: 3 }
      num_tasks: { values: [1, 4, 16, .inf] }
      embed_size: { value: 16 }
      mlp_size: { value: 16 }
      num_heads: { value: 2 }
      num_layers: { value: 1 }
      model_seed: { values: [0, 1] }
  optimizer_config: { parameters: { lr: { values: [0.001, 0.003] } } }
  num_steps: { value: 210 }
  batch_size: { value: 256 }
  eval_batch_size: { value: 16 }
  checkpointer_config: { parameters: { checkpoint_steps: { parameters: { linear_space: { value: 10 } } } } }
  logger_config: { parameters: { logging_steps: { parameters: { linear_space: { value: 10 } } } } }
`;
const runs = sweepRuns(parseSweep(SWEEP, "sweep"));
const LOGS = ["loss.jsonl", "loss.csv", "metrics.jsonl", "metrics.csv"];

const root = await mkdtemp(join(tmpdir(), "headscope-queue-"));
const whole = new LocalStorage(join(root, "whole"));
const hashes = new Map<string, string>();
let built: URL;

beforeAll(async () => {
	await using engine = await LocalEngine.create({ threads: 1 });
	for (const { config, names } of runs) {
		const { weights } = await trainRegression(config, {
			storages: [whole],
			projectDir: names.projectDir,
			engine,
		});
		hashes.set(names.current, weightsHash(weights));
	}
	built = await buildSources("queue", [
		"src/runs/queue/train-thread-node.ts",
		"src/runtime/engine-worker.ts",
	]);
}, 400_000);
afterAll(() => rm(root, { recursive: true }));

/** A worker's process, and what it said. */
class WorkerProcess {
	readonly events: WorkerEvent[] = [];
	readonly ended: Promise<number | null>;
	private readonly process: ChildProcess;
	private heard = (): void => {};

	constructor(
		readonly queue: string,
		place: string,
		options: object,
		env: Record<string, string> = {},
	) {
		const script = fileURLToPath(new URL("queue-worker.mjs", import.meta.url));
		this.process = spawn(process.execPath, [script, built.href, queue, place, JSON.stringify(options)], {
			stdio: ["ignore", "pipe", "inherit"],
			env: { ...process.env, ...env },
		});
		createInterface(this.process.stdout as NodeJS.ReadableStream).on("line", (line) => {
			this.events.push(JSON.parse(line));
			this.heard();
		});
		this.ended = new Promise((resolve) => this.process.on("exit", resolve));
	}

	kill(signal: NodeJS.Signals): void {
		this.process.kill(signal);
	}

	/** The run that it is in the middle of. */
	get inRun(): string | undefined {
		const last = this.events.at(-1);
		return last?.kind === "begun" ? last.name : undefined;
	}

	/** Waits for an event. */
	async until(wanted: (event: WorkerEvent) => boolean): Promise<WorkerEvent> {
		let at = this.events.length;
		for (;;) {
			const found = this.events.slice(at).find(wanted);
			if (found) return found;
			at = this.events.length;
			await new Promise<void>((resolve) => {
				this.heard = resolve;
			});
		}
	}
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Workers, all that ever were and those that are alive. */
class Crew {
	readonly all: WorkerProcess[] = [];
	readonly alive: WorkerProcess[] = [];
	/** Whether there is nothing left to do. */
	done = false;

	constructor(private readonly hire: () => WorkerProcess) {}

	add(): WorkerProcess {
		const worker = this.hire();
		this.all.push(worker);
		this.alive.push(worker);
		return worker;
	}

	/** One that is in the middle of a run; undefined when all runs are done. */
	async busy(random: Random): Promise<WorkerProcess | undefined> {
		while (!this.done) {
			const busy = this.alive.filter((worker) => worker.inRun !== undefined);
			const found = busy[random.integer(0, Math.max(1, busy.length))];
			if (found) return found;
			await sleep(10);
		}
		return undefined;
	}

	replace(worker: WorkerProcess): void {
		this.alive.splice(this.alive.indexOf(worker), 1);
		this.add();
	}

	async end(): Promise<void> {
		for (const worker of this.alive) worker.kill("SIGTERM");
		await Promise.all(this.alive.map(({ ended }) => ended));
	}
}

/** Reads results as they appear, to notice one that is written again. */
function watchResults(
	storage: Storage,
	wanted: readonly SweepRun[],
): { first: Map<string, string>; stop(): Promise<void> } {
	const first = new Map<string, string>();
	let on = true;
	const watching = (async () => {
		while (on) {
			for (const { names } of wanted) {
				if (first.has(names.current)) continue;
				const bytes = await storage.get(resultKey(names.projectDir));
				if (bytes) first.set(names.current, new TextDecoder().decode(bytes));
			}
			await sleep(100);
		}
	})();
	return {
		first,
		async stop() {
			on = false;
			await watching;
		},
	};
}

/** Fails unless every run ended as the undisturbed one, and was written once. */
async function expectWhole(
	storage: Storage,
	wanted: readonly SweepRun[],
	first: ReadonlyMap<string, string>,
	crew: Crew,
): Promise<RunResult[]> {
	const results: RunResult[] = [];
	for (const { names, config } of wanted) {
		const text = new TextDecoder().decode(await storage.get(resultKey(names.projectDir)));
		expect(text, `${names.current} was written again`).toBe(first.get(names.current));
		const result: RunResult = JSON.parse(text);
		results.push(result);
		expect(result).toMatchObject({
			name: names.current,
			step: config.num_steps - 1,
			weights: hashes.get(names.current),
		});
		for (const file of [`${config.num_steps - 1}.safetensors`, ...LOGS]) {
			const key = `checkpoints/${names.projectDir}/${file}`;
			const [found, undisturbed] = [await storage.get(key), await whole.get(key)];
			expect(Buffer.from(found ?? []).equals(undisturbed ?? Buffer.from("none")), key).toBe(true);
		}
	}
	const events = crew.all.flatMap((worker) => worker.events);
	expect(events.filter(({ kind }) => kind === "failed")).toEqual([]);
	const written = events.flatMap((event) => (event.kind === "finished" && event.written ? [event.name] : []));
	expect(new Set(written).size, "a result was written twice").toBe(written.length);
	return results;
}

describe.skipIf(!redisProgram)("a sweep by two workers over Redis", () => {
	let server: RedisServer;
	beforeAll(async () => {
		server = await RedisServer.start(redisProgram ?? "");
	});
	afterAll(() => server.stop());

	/** Enqueues runs, lets `trouble` happen while two workers do them, and waits until all are done. */
	async function sweep(
		place: string,
		wanted: readonly SweepRun[],
		env: Record<string, string>,
		trouble: (crew: Crew) => Promise<void>,
	): Promise<RunResult[]> {
		const storage = await openStorage(place, env);
		const crew = new Crew(() => new WorkerProcess(server.url, place, { lockDuration: 1000 }, env));
		const connection = await connectRedis(server.url);
		const queue = openQueue(connection);
		const board = new SweepBoard(wanted, await allProgress(wanted, [storage]));
		const watched = watchResults(storage, wanted);
		try {
			await enqueueRuns(queue, wanted);
			crew.add();
			crew.add();
			const signal = AbortSignal.timeout(PATIENCE);
			const watch = watchSweep(board, { queue, storage, signal, lookEvery: 200 });
			await Promise.all([watch.finally(() => (crew.done = true)), trouble(crew)]);
			expect(board.inState("finished").length).toBe(wanted.length);
			await sleep(300);
		} finally {
			await crew.end();
			await watched.stop();
			await queue.close();
			connection.redis.disconnect();
		}
		return expectWhole(storage, wanted, watched.first, crew);
	}

	const random = new Random(SEED);

	/** Kills workers in the middle of a run, while there are any. @returns how often it did */
	async function kill(crew: Crew, times: number): Promise<number> {
		for (let n = 0; n < times; n++) {
			await sleep(random.integer(0, 1000));
			const worker = await crew.busy(random);
			if (!worker) return n;
			worker.kill("SIGKILL");
			crew.replace(worker);
		}
		return times;
	}

	/** Freezes a worker at the beginning of a run until another has taken the run over. */
	async function freeze(crew: Crew): Promise<void> {
		const [frozen, other] = crew.alive as [WorkerProcess, WorkerProcess];
		const begun = await frozen.until(({ kind }) => kind === "begun");
		frozen.kill("SIGSTOP");
		const name = "name" in begun ? begun.name : "";
		await other.until((event) => event.kind === "begun" && event.name === name);
		const left = frozen.until(({ kind }) => kind === "left" || kind === "finished");
		frozen.kill("SIGCONT");
		expect(await left).toMatchObject({ kind: "left", name });
	}

	it(`survives ${KILLS} kills, a frozen worker and a Redis that is killed and started again`, {
		timeout: PATIENCE + 30_000,
	}, async () => {
		let kills = 0;
		for (let round = 0; kills < KILLS; round++) {
			const results = await sweep(join(root, `disturbed-${round}`), runs, {}, async (crew) => {
				if (round === 0) {
					await freeze(crew);
					await server.down("SIGKILL");
					await sleep(500);
					await server.up();
				}
				kills += await kill(crew, KILLS - kills);
			});
			const tokens = results.map(({ token }) => token ?? 0);
			expect(Math.max(...tokens), "the trouble hit no run").toBeGreaterThan(1);
		}
	});

	it("stops a worker whose Redis stays away, and says so", { timeout: 60_000 }, async () => {
		const other = await RedisServer.start(redisProgram ?? "");
		const events: WorkerEvent[] = [];
		const worker = runSweepWorker({
			queue: other.url,
			storage: whole,
			signal: new AbortController().signal,
			patience: 300,
			onEvent: (event) => {
				events.push(event);
				if (event.kind === "ready") void other.down();
			},
		});
		await expect(worker).rejects.toThrow(
			/^redis:\/\/127\.0\.0\.1:\d+\/?: Redis was away for 0 s; runs are stopped/,
		);
		expect(events.map(({ kind }) => kind)).toEqual(["ready", "redis"]);
		await other.stop();
	});

	it.skipIf(!moto)("keeps its results in a bucket", { timeout: PATIENCE + 30_000 }, async () => {
		const bucket = await startMoto(moto ?? "");
		try {
			await fetch(`${bucket.url}/sweeps`, { method: "PUT" });
			const env = { AWS_ENDPOINT_URL: bucket.url, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
			await sweep("s3://sweeps/team/a", runs.slice(0, 4), env, async (crew) => {
				expect(await kill(crew, 1)).toBe(1);
			});
		} finally {
			await bucket.stop();
		}
	});
});
