import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** A case made ready to run. */
export interface Workload {
	/** Runs it once, to the end: what it resolves to must be in host memory. */
	run(): Promise<unknown>;
	/** A few numbers of a result, by which sides are compared. */
	sample(result: unknown): number[];
	/** The time that a result tells, in ms, where it was taken elsewhere. Default: how long `run` took. */
	ms?(result: unknown): number;
	/** Frees a result, outside the time. */
	release?(result: unknown): void;
}

/** What a side's process is once its model is loaded. */
export interface Work {
	versions: Record<string, string>;
	/** Called once per distinct params. */
	make(params: Record<string, unknown>): Promise<Workload>;
}

/** Unless a case's params say `warmUps`. */
const WARM_UP_RUNS = 2;

/** The TypeScript side of the bench protocol; `rivals/worker.py` is the other one and describes it. */
export async function serve(load: () => Promise<Work>): Promise<void> {
	const answer = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);
	// Only answers may reach stdout.
	console.log = console.error;
	let work: Work;
	try {
		work = await load();
	} catch (error) {
		answer({ error: String(error) });
		return;
	}
	answer({ versions: work.versions });
	const made = new Map<string, Promise<Workload>>();
	for await (const line of createInterface({ input: process.stdin })) {
		const request = JSON.parse(line) as { do: string; params: Record<string, unknown> };
		if (request.do === "end") break;
		try {
			if (request.do === "peak") {
				answer({ bytes: peakBytes() });
				continue;
			}
			const key = JSON.stringify(request.params);
			const workload = await (made.get(key) ?? made.set(key, work.make(request.params)).get(key));
			if (!workload) throw new Error("internal: no workload was made");
			const warmUps = Number(request.params.warmUps ?? WARM_UP_RUNS);
			answer(request.do === "prepare" ? await prepare(workload, warmUps) : await time(workload));
		} catch (error) {
			answer({ error: String(error) });
		}
	}
	// Engines may keep the process alive with threads of their own.
	process.exit(0);
}

async function prepare(workload: Workload, warmUps: number): Promise<{ sample: number[] }> {
	let sample: number[] = [];
	for (let run = 0; run < warmUps; run++) {
		const result = await workload.run();
		sample = workload.sample(result);
		workload.release?.(result);
	}
	return { sample };
}

async function time(workload: Workload): Promise<{ ms: number }> {
	const start = performance.now();
	const result = await workload.run();
	const ms = workload.ms?.(result) ?? performance.now() - start;
	workload.release?.(result);
	return { ms };
}

function peakBytes(): number {
	try {
		return Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
	} catch {
		return process.resourceUsage().maxRSS * 1024;
	}
}
