import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** What a process of the fuzzer is asked for. */
export interface Asked {
	/** Name of the target. */
	readonly target: string;
	/** How long it looks for inputs; 0: it reads those that there are. */
	readonly seconds: number;
	/** Inputs; new ones go into the first folder. */
	readonly folders: readonly string[];
	/** Where an input that is a finding goes. */
	readonly findings: string;
	/** Options of libFuzzer beside. */
	readonly engine?: readonly string[];
	/** Folder that `fuzz/tsdown.config.ts` is compiled into. Default `fuzz/out` */
	readonly compiled?: string;
	/**
	 * An input that takes longer hangs, in s. Default 25, a hundred times what the slowest takes, since machines can be
	 * busy.
	 */
	readonly hang?: number;
	/** Memory of the process that is a finding, in MB. Default 1024, four times what the largest target starts with. */
	readonly memory?: number;
}

/** What a process may take beyond its time before it is ended, in s: it first runs the inputs that are there. */
const GRACE = 900;

/** How a process of the fuzzer ended. */
export interface Fuzzed {
	/** 0 where nothing was found; the name of the signal where one ended it. */
	readonly status: number | string;
	readonly executions: number;
	/** Edges of the readers' compiled code that inputs took. */
	readonly edges: number;
	/** Its last lines. */
	readonly tail: string;
}

const jazzer = join(dirname(createRequire(import.meta.url).resolve("@jazzer.js/core")), "cli.js");
const running = new Set<ChildProcess>();

/** Ends the processes that run. */
export function endAll(): void {
	for (const child of running) child.kill("SIGKILL");
}

/** Runs the fuzzer in a process of its own. */
export async function fuzz({
	target,
	seconds,
	folders,
	findings,
	engine = [],
	compiled = "fuzz/out",
	hang = 25,
	memory = 1024,
}: Asked): Promise<Fuzzed> {
	const time = seconds > 0 ? `-max_total_time=${seconds}` : "-runs=0";
	const child = spawn(
		process.execPath,
		[
			...[jazzer, `${compiled}/jazzer-target.js`],
			...["--includes", `${compiled}/src/`, "--timeout", String(1000 * hang), ...folders, "--"],
			...[
				time,
				`-rss_limit_mb=${memory}`,
				`-artifact_prefix=${findings}/`,
				"-print_final_stats=1",
				...engine,
			],
		],
		{
			// in the environment, since libFuzzer's modes start processes of their own
			env: {
				...process.env,
				FUZZ_TARGET: target,
				NODE_OPTIONS: `--max-old-space-size=${memory} --import ./${compiled}/older-libc.js`,
			},
			stdio: ["ignore", "pipe", "pipe"],
		},
	);
	running.add(child);
	let tail = "";
	let [executions, edges] = [0, 0];
	const hear = (chunk: Buffer): void => {
		const text = chunk.toString();
		for (const [, count] of text.matchAll(/number_of_executed_units: (\d+)/g)) executions = Number(count);
		for (const [, runs, cov] of text.matchAll(/^#(\d+)\t.*?cov: (\d+)/gm)) {
			executions = Math.max(executions, Number(runs));
			edges = Math.max(edges, Number(cov));
		}
		tail = `${tail}${text}`.slice(-6000);
	};
	child.stdout.on("data", hear);
	child.stderr.on("data", hear);
	const timer = setTimeout(() => child.kill("SIGKILL"), (seconds + GRACE) * 1000);
	const status = await new Promise<number | string>((resolve, reject) => {
		child.on("error", reject);
		child.on("close", (code, signal) => resolve(code ?? signal ?? "no status"));
	});
	clearTimeout(timer);
	running.delete(child);
	return { status, executions, edges, tail };
}
