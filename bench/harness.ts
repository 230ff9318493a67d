import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import type { Bench, BenchCase, BenchResult, Row, SideReport } from "./bench.js";
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
	const timed = cases.filter((each) => each.measure === "time");
	const weighed = cases.filter((each) => each.measure === "memory");
	const rows: Row[] = [];
	const reports = new Map<string, SideReport>();
	if (timed.length > 0) {
		await using sides = new RunningSides();
		for (const spec of specs) {
			options.log(`starting ${spec.name}`);
			sides.add(await Side.start(spec, options.threads));
		}
		const usage = new Map(sides.all.map((side) => [side.name, { cpu: 0, seconds: 0 }]));
		for (const each of timed) rows.push(...(await timeCase(bench, each, sides.all, usage, options)));
		for (const { name, versions } of sides.all) {
			const idle = usage.get(name);
			reports.set(name, { name, versions, idleCpu: idle?.seconds ? idle.cpu / idle.seconds : null });
		}
	}
	for (const each of weighed) {
		const samples = new Map<string, number[]>();
		for (const spec of specs) {
			options.log(`${each.name}: ${spec.name}`);
			await using side = await Side.start(spec, options.threads);
			await side.prepare(each.params);
			await side.run(each.params);
			samples.set(spec.name, [(await side.peak()) / 1e6]);
			if (!reports.has(spec.name))
				reports.set(spec.name, { name: spec.name, versions: side.versions, idleCpu: null });
		}
		rows.push(...rowsOf(each, split(bench, samples)));
	}
	return {
		bench: bench.name,
		machine: machine(),
		threads: options.threads,
		sides: [...reports.values()],
		rows,
	};
}

type Usage = Map<string, { cpu: number; seconds: number }>;

async function timeCase(
	bench: Bench,
	benchCase: BenchCase,
	sides: Side[],
	usage: Usage,
	options: BenchOptions,
): Promise<Row[]> {
	const outputs = new Map<string, number[]>();
	for (const side of sides) outputs.set(side.name, await side.prepare(benchCase.params));
	if (bench.tolerance !== undefined) compareOutputs(benchCase, outputs, bench.tolerance);
	const samples = new Map<string, number[]>(sides.map((side) => [side.name, []]));
	const start = performance.now();
	const rounds = Math.max(FEWEST_ROUNDS, options.rounds);
	for (let round = 0; round < MOST_ROUNDS; round++) {
		if (round >= rounds && performance.now() - start > options.seconds * 1e3) break;
		for (const side of sides) {
			const others = sides.filter((other) => other !== side);
			const before = others.map((other) => other.cpuSeconds());
			const since = performance.now();
			samples.get(side.name)?.push(await side.run(benchCase.params));
			const seconds = (performance.now() - since) / 1e3;
			// An idle side whose threads still spin would slow the one that is timed: it shows up here.
			others.forEach((other, i) => {
				const [now, then, idle] = [other.cpuSeconds(), before[i], usage.get(other.name)];
				if (now === undefined || then === undefined || !idle) return;
				idle.cpu += now - then;
				idle.seconds += seconds;
			});
		}
	}
	const rows = rowsOf(benchCase, split(bench, samples));
	options.log(
		`${benchCase.name}: ${rows[0]?.rounds} rounds, ${((performance.now() - start) / 1e3).toFixed(1)} s`,
	);
	return rows;
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

function split(
	bench: Bench,
	samples: Map<string, number[]>,
): { ours: number[] | null; rivals: Map<string, number[]> } {
	const rivals = new Map([...samples].filter(([name]) => name !== bench.ours.name));
	return { ours: samples.get(bench.ours.name) ?? null, rivals };
}

function machine(): Record<string, string | number> {
	return {
		cpu: cpus()[0]?.model.trim() ?? "unknown",
		cores: availableParallelism(),
		simd: simd(),
		memoryGB: Math.round(totalmem() / 1e9),
		system: `${platform()} ${release()} ${arch()}`,
		node: process.versions.node,
	};
}

/** Vector instructions that decide a matrix product's speed: a CPU's name alone often does not tell. */
function simd(): string {
	try {
		const flags = new Set(
			/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.trim().split(" "),
		);
		const known = ["amx_tile", "avx512_vnni", "avx512f", "avx2", "fma"].filter((flag) => flags.has(flag));
		return known.join(" ") || "unknown";
	} catch {
		return "unknown";
	}
}

/** Ends the sides that were started when one of them fails. Node 20 has no AsyncDisposableStack. */
class RunningSides implements AsyncDisposable {
	readonly all: Side[] = [];

	add(side: Side): void {
		this.all.push(side);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const side of this.all) await side[Symbol.asyncDispose]();
	}
}
