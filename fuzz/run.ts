/**
 * Fuzzes the readers of what comes from outside, each in a process of its own, and says which of their branches the
 * kept inputs take. A reader is reported as soon as it is done, so that a run which is broken off has told of the others.
 *
 *   npm run fuzz -- [target ...] [--seconds N] [--jobs N] [--seed N] [--no-keep] [--write]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { coveredBranches } from "./branches.js";
import { corpusFolder, emptyFolder, type Input, readInputs, workFolder, writeInputs } from "./corpus.js";
import { endAll, type Fuzzed, fuzz } from "./jazzer.js";
import { TARGETS } from "./registry.js";
import { lineOf, withRow } from "./table.js";
import type { Target } from "./target.js";

/** Least share of a reader's branches that its corpus takes. */
const LEAST = 0.9;
/** Bytes of a target's inputs that are kept. */
const MOST_KEPT = 100_000;
const DOCUMENT = "SECURITY.md";

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		// 0: the kept inputs and the seeds only
		seconds: { type: "string", default: "60" },
		jobs: { type: "string", default: "1" },
		// of the chance that makes inputs; by default another one each time
		seed: { type: "string" },
		// leaves the corpus as it is
		"no-keep": { type: "boolean", default: false },
		// puts what was found into the document's table
		write: { type: "boolean", default: false },
	},
});
const names = Object.keys(TARGETS);
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) throw new Error(`no target "${unknown}", allowed ${names.join(", ")}`);
const seconds = wholeNumber("seconds", 0);
const waiting = names.filter((name) => positionals.length === 0 || positionals.includes(name));
const unfinished = new Set(waiting);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
	process.on(signal, () => {
		endAll();
		console.log(`ended by ${signal}; not done: ${[...unfinished].join(", ")}`);
		process.exit(1);
	});
}

console.log(lineOf());
await Promise.all(Array.from({ length: wholeNumber("jobs", 1) }, work));

function wholeNumber(name: "seconds" | "jobs" | "seed", least: number): number {
	const value = Number(values[name]);
	if (Number.isInteger(value) && value >= least) return value;
	throw new Error(`--${name}: got "${values[name]}", allowed whole numbers from ${least}`);
}

/** Takes one target after another. */
async function work(): Promise<void> {
	for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
		try {
			const target = await (TARGETS[name] as () => Promise<Target>)();
			await report(name, target, await run(name, target));
		} catch (error) {
			fail(`${name}: ${(error as Error).message}`);
		}
		unfinished.delete(name);
	}
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
	const engine = [`-max_len=${target.longest ?? 4096}`];
	if (values.seed !== undefined) engine.push(`-seed=${wholeNumber("seed", 1)}`);
	const asked = { target: name, seconds, folders, findings, engine };
	let fuzzed = await fuzz(asked);
	if (fuzzed.executions === 0 && typeof fuzzed.status === "string" && readInputs(findings).length === 0) {
		console.log(`${name}: the fuzzer ended with ${fuzzed.status} before its first input; once more`);
		fuzzed = await fuzz(asked);
	}
	if (!values["no-keep"] && fuzzed.status === 0) {
		const inputs = await needed(name, target, folders.slice(0, -1), findings);
		if (inputs) writeInputs(kept, smallest(inputs));
	}
	return fuzzed;
}

/** Inputs that take an edge, or take one more often, than those to begin with do: the fuzzer's choice of few and short ones. */
async function needed(
	name: string,
	target: Target,
	folders: readonly string[],
	findings: string,
): Promise<Input[] | undefined> {
	const merged = workFolder(name, "merged");
	writeInputs(merged, target.seeds());
	const seeds = new Set(readInputs(merged).map((seed) => seed.name));
	const engine = ["-merge=1", `-max_len=${target.longest ?? 4096}`];
	const asked = { target: name, seconds: 0, folders: [merged, ...folders], findings, engine };
	const { status, tail } = await fuzz(asked);
	if (status === 0) return readInputs(merged).filter((input) => !seeds.has(input.name));
	fail(`${name}: its corpus stays as it was, since to make it smaller ended with ${status}\n${tail}`);
	return undefined;
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

/** Prints what was done with a target, and what is wrong with it. */
async function report(
	name: string,
	target: Target,
	{ status, executions, edges, tail }: Fuzzed,
): Promise<void> {
	if (status !== 0)
		fail(`${name}: ended with ${status}; the input is in ${workFolder(name, "findings")}\n${tail}`);
	const { taken, all, missed } = await coveredBranches(name, target.sources);
	const kept = readInputs(corpusFolder(name)).map(({ bytes }) => bytes.length);
	const bytes = kept.reduce((a, b) => a + b, 0);
	const row = { target: name, seconds, executions, edges, taken, all, kept: kept.length, bytes };
	console.log(lineOf(row));
	if (taken < LEAST * all)
		fail(`${name}: below ${100 * LEAST} % of its branches; not taken are ${missed.join(", ")}`);
	if (values.write && status === 0)
		writeFileSync(DOCUMENT, withRow(readFileSync(DOCUMENT, "utf8"), row, names, versions(), DOCUMENT));
}

function fail(what: string): void {
	process.exitCode = 1;
	console.log(what);
}

/** What the table was measured with. */
function versions(): string {
	const { version } = JSON.parse(readFileSync("node_modules/@jazzer.js/core/package.json", "utf8")) as {
		version: string;
	};
	return `@jazzer.js/core ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}.`;
}
