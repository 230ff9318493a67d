import type { Bench, BenchCase, BenchResult } from "./bench.js";
import { CpuWatch } from "./cpu-watch.js";
import { describeMachine } from "./machine.js";
import { rowsOf } from "./rows.js";
import { Side, type SideSpec } from "./side.js";

/** What of a bench to run, and for how long. */
export interface BenchOptions {
	/** Rounds at least; never below 5. */
	rounds: number;
	/** Short cases go on until this many seconds are spent on them, up to `MOST_ROUNDS`. */
	seconds: number;
	threads: number;
	/** Names of the sides to run; default all. */
	sides?: string[];
	/** Runs only cases whose name holds this text. */
	cases?: string;
	/** Receives one line of progress at a time. */
	log(line: string): void;
}

export const FEWEST_ROUNDS = 5;
const MOST_ROUNDS = 31;

/**
 * Runs a bench: all sides wait in processes of their own with the model loaded, and take turns within each
 * round, so that a slow spell of the machine hits all of them. Neither start nor import is in a time.
 */
export async function runBench(bench: Bench, options: BenchOptions): Promise<BenchResult> {
	const specs = chosenSides(bench, options);
	const cases = bench.cases.filter((each) => each.name.includes(options.cases ?? ""));
	if (cases.length === 0) {
		const names = bench.cases.map((each) => each.name).join(", ");
		throw new RangeError(`no case of bench ${bench.name} holds "${options.cases}"; cases: ${names}`);
	}
	const result: BenchResult = {
		bench: bench.name,
		machine: describeMachine(),
		threads: options.threads,
		foreignCpu: null,
		sides: [],
		rows: [],
	};
	const timed = cases.filter((each) => each.measure === "time");
	if (timed.length > 0) await measureTimes(bench, specs, timed, options, result);
	const weighed = cases.filter((each) => each.measure === "memory");
	if (weighed.length > 0) await measureMemory(bench, specs, weighed, options, result);
	return result;
}

async function measureTimes(
	bench: Bench,
	specs: SideSpec[],
	cases: BenchCase[],
	options: BenchOptions,
	result: BenchResult,
): Promise<void> {
	await using running = new RunningSides();
	for (const spec of specs) {
		options.log(`starting ${spec.name}`);
		running.sides.push(await Side.start(spec, options.threads));
	}
	const watch = new CpuWatch(running.sides);
	for (const each of cases) {
		const sides = running.sides.filter((side) => takesPart(bench, each, side.name));
		const outputs = new Map<string, number[]>();
		for (const side of sides) outputs.set(side.name, await side.prepare(each.params));
		if (bench.tolerance !== undefined) compareOutputs(each, outputs, bench.tolerance);
		const start = performance.now();
		const samples = await takeRounds(each, sides, watch, options);
		result.rows.push(...rowsOf(each, split(bench, samples)));
		options.log(`${each.name}: ${((performance.now() - start) / 1e3).toFixed(1)} s`);
	}
	result.foreignCpu = watch.foreignCpu();
	for (const side of running.sides) {
		result.sides.push({ name: side.name, versions: side.versions, idleCpu: watch.idleCpu(side) });
	}
}

async function takeRounds(
	benchCase: BenchCase,
	sides: Side[],
	watch: CpuWatch,
	options: BenchOptions,
): Promise<Map<string, number[]>> {
	const samples = new Map<string, number[]>(sides.map((side) => [side.name, []]));
	const start = performance.now();
	const rounds = Math.max(FEWEST_ROUNDS, options.rounds);
	for (let round = 0; round < Math.max(rounds, MOST_ROUNDS); round++) {
		if (round >= rounds && performance.now() - start > options.seconds * 1e3) break;
		for (const side of sides) {
			samples.get(side.name)?.push(await watch.during(side, () => side.run(benchCase.params)));
		}
	}
	return samples;
}

/** A peak never falls again, so each side starts afresh for each case, one process at a time. */
async function measureMemory(
	bench: Bench,
	specs: SideSpec[],
	cases: BenchCase[],
	options: BenchOptions,
	result: BenchResult,
): Promise<void> {
	for (const each of cases) {
		const samples = new Map<string, number[]>();
		for (const spec of specs.filter(({ name }) => takesPart(bench, each, name))) {
			options.log(`${each.name}: ${spec.name}`);
			await using side = await Side.start(spec, options.threads);
			await side.prepare(each.params);
			await side.run(each.params);
			samples.set(spec.name, [(await side.peak()) / 1e6]);
			if (result.sides.some((known) => known.name === side.name)) continue;
			result.sides.push({ name: side.name, versions: side.versions, idleCpu: null });
		}
		result.rows.push(...rowsOf(each, split(bench, samples)));
	}
}

/** Sides that load the same model must say the same: a disagreement makes the times worthless. */
function compareOutputs(benchCase: BenchCase, outputs: Map<string, number[]>, tolerance: number): void {
	const [first, ...rest] = outputs;
	if (!first) return;
	for (const [name, values] of rest) {
		const worst = Math.max(...values.map((value, i) => Math.abs(value - (first[1][i] ?? Number.NaN))));
		if (worst <= tolerance && values.length === first[1].length) continue;
		throw new Error(
			`${benchCase.name}: ${name} and ${first[0]} differ by ${worst}, allowed ${tolerance}: ` +
				`[${values.join(", ")}] and [${first[1].join(", ")}]`,
		);
	}
}

function chosenSides(bench: Bench, options: BenchOptions): SideSpec[] {
	const all = [bench.ours, ...bench.rivals];
	const unknown = options.sides?.filter((name) => !all.some((spec) => spec.name === name)) ?? [];
	if (unknown.length > 0) {
		const names = all.map((spec) => spec.name).join(", ");
		throw new RangeError(`bench ${bench.name} has no side ${unknown.join(", ")}; sides: ${names}`);
	}
	return all.filter((spec) => options.sides?.includes(spec.name) ?? true);
}

function takesPart({ ours }: Bench, { rivals }: BenchCase, side: string): boolean {
	return side === ours.name || (rivals?.includes(side) ?? true);
}

function split(
	bench: Bench,
	samples: Map<string, number[]>,
): { ours: number[] | null; rivals: Map<string, number[]> } {
	const rivals = new Map([...samples].filter(([name]) => name !== bench.ours.name));
	return { ours: samples.get(bench.ours.name) ?? null, rivals };
}

/** Ends the sides that were started, also when one of them fails. Node 20 has no AsyncDisposableStack. */
class RunningSides implements AsyncDisposable {
	readonly sides: Side[] = [];

	async [Symbol.asyncDispose](): Promise<void> {
		for (const side of this.sides) await side[Symbol.asyncDispose]();
	}
}
