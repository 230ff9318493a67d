import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** An input that takes longer than this hangs, in ms: a hundred times what the slowest takes, since machines can be busy. */
const HANG = 25_000;
/** Memory of a process that is a finding, in MB: four times what the largest target needs to start. */
const MOST_MEMORY = 1024;
/** What a process may take beyond its time before it is ended, in s: it first runs the inputs that are there. */
const GRACE = 120;

/** Of Node, as the environment has them: what makes the corpus smaller starts processes of its own. */
const OPTIONS = `--max-old-space-size=${MOST_MEMORY} --import ./fuzz/out/older-libc.js`;

/** How a process of the fuzzer ended. */
export interface Fuzzed {
	readonly status: number | null;
	readonly executions: number;
	/** Edges of the readers' compiled code that inputs took. */
	readonly edges: number;
	/** Its last lines. */
	readonly tail: string;
}

const jazzer = join(dirname(createRequire(import.meta.url).resolve("@jazzer.js/core")), "cli.js");

/**
 * Runs the fuzzer in a process of its own.
 * @param folders inputs; new ones go into the first
 * @param engine options of libFuzzer
 */
export async function fuzz(
	target: string,
	seconds: number,
	folders: readonly string[],
	engine: readonly string[],
): Promise<Fuzzed> {
	const child = spawn(
		process.execPath,
		[
			...[jazzer, "fuzz/out/jazzer-target.js"],
			...["--includes", "fuzz/out/src/", "--timeout", String(HANG), ...folders, "--"],
			...[`-rss_limit_mb=${MOST_MEMORY}`, "-print_final_stats=1", ...engine],
		],
		{
			env: { ...process.env, FUZZ_TARGET: target, NODE_OPTIONS: OPTIONS },
			stdio: ["ignore", "pipe", "pipe"],
		},
	);
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
	const status = await new Promise<number | null>((resolve, reject) => {
		child.on("error", reject);
		child.on("close", resolve);
	});
	clearTimeout(timer);
	return { status, executions, edges, tail };
}
