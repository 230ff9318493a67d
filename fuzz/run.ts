/**
 * Fuzzes the readers of what comes from outside, each in a process of its own, then says which of their branches the
 * kept inputs take.
 *
 *   npm run fuzz -- [target ...] [--seconds N] [--jobs N] [--no-keep]
 */
import { parseArgs } from "node:util";
import { type Branches, coveredBranches } from "./branches.js";
import { corpusFolder, emptyFolder, type Input, readInputs, workFolder, writeInputs } from "./corpus.js";
import { type Fuzzed, fuzz } from "./jazzer.js";
import { TARGETS } from "./registry.js";
import type { Target } from "./target.js";

/** Least share of a reader's branches that its corpus takes. */
const LEAST = 0.9;
/** Bytes of a target's inputs that are kept. */
const MOST_KEPT = 220_000;

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		// 0: the kept inputs and the seeds only
		seconds: { type: "string", default: "60" },
		jobs: { type: "string", default: "1" },
		// leaves the corpus as it is
		"no-keep": { type: "boolean", default: false },
	},
});
const unknown = positionals.find((name) => !Object.hasOwn(TARGETS, name));
if (unknown !== undefined)
	throw new Error(`no target "${unknown}", allowed ${Object.keys(TARGETS).join(", ")}`);
const seconds = Number(values.seconds);
const targets = new Map<string, Target>();
for (const [name, load] of Object.entries(TARGETS))
	if (positionals.length === 0 || positionals.includes(name)) targets.set(name, await load());

const results = new Map<string, Fuzzed>();
const waiting = [...targets];
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
process.exitCode = report() ? 0 : 1;

/** Takes one target after another. */
async function work(): Promise<void> {
	for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
		results.set(next[0], await run(...next));
}

async function run(name: string, target: Target): Promise<Fuzzed> {
	const kept = corpusFolder(name);
	const [found, seeds, findings] = ["found", "seeds", "findings"].map((part) => {
		const folder = workFolder(name, part);
		emptyFolder(folder);
		return folder;
	}) as [string, string, string];
	writeInputs(seeds, target.seeds());
	const folders = [found, ...(readInputs(kept).length > 0 ? [kept] : []), seeds];
	const length = `-max_len=${target.longest ?? 4096}`;
	const time = seconds > 0 ? `-max_total_time=${seconds}` : "-runs=0";
	const fuzzed = await fuzz(name, seconds, folders, [length, time, `-artifact_prefix=${findings}/`]);
	// the fuzzer has made them as small as it could, and adds only what takes an edge more, or more often
	if (!values["no-keep"]) writeInputs(kept, smallest([...readInputs(kept), ...readInputs(found)]));
	return fuzzed;
}

/** As many inputs as are kept of a target, the short ones first. */
function smallest(inputs: readonly Input[]): Uint8Array[] {
	let size = 0;
	return inputs
		.map(({ bytes }) => bytes)
		.sort((a, b) => a.length - b.length)
		.filter(({ length }) => {
			size += length;
			return size <= MOST_KEPT;
		});
}

/** Prints what was done, and whether nothing was found and enough branches are taken. */
function report(): boolean {
	const branchesOf = coveredBranches(
		[...targets.keys()],
		[...targets.values()].flatMap(({ sources }) => sources),
	);
	let good = true;
	console.log("target          executions    edges   kept   bytes  branches");
	for (const [name, { sources }] of targets) {
		const { status, executions, edges, tail } = results.get(name) as Fuzzed;
		const kept = readInputs(corpusFolder(name));
		const size = kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
		const { taken, all, missed }: Branches = branchesOf(sources);
		const share = `${taken}/${all} = ${((100 * taken) / all).toFixed(1)} %`;
		const cells = [
			name.padEnd(12),
			...[executions, edges, kept.length, size].map((n) => String(n).padStart(8)),
		];
		console.log(`${cells.join(" ")}  ${share}`);
		if (status !== 0) {
			good = false;
			console.log(`${name}: ended with ${status}; the input is in ${workFolder(name, "findings")}\n${tail}`);
		}
		if (taken < LEAST * all) {
			good = false;
			console.log(`${name}: below ${100 * LEAST} % of its branches; not taken are ${missed.join(", ")}`);
		}
	}
	return good;
}
