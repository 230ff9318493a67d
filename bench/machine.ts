import { readdirSync, readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";

/** `/proc` counts CPU time in USER_HZ, which Linux fixes at 100 for user space. */
const TICKS_PER_SECOND = 100;

/** What a result was measured on. */
export function describeMachine(): Record<string, string | number> {
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
	const flags = new Set(
		/^flags\s*:(.*)$/m
			.exec(read("/proc/cpuinfo") ?? "")?.[1]
			?.trim()
			.split(" "),
	);
	const known = ["amx_tile", "avx512_vnni", "avx512f", "avx2", "fma"].filter((flag) => flags.has(flag));
	return known.join(" ") || "unknown";
}

/** CPU seconds that a process and those it started have used so far; undefined where there is no `/proc`. */
export function processCpuSeconds(pid: number): number | undefined {
	const own = ownCpuSeconds(pid);
	if (own === undefined) return undefined;
	// which of a process's threads started a child does not matter, but the list is kept by thread
	const threads = list(`/proc/${pid}/task`);
	const children = threads.flatMap(
		(thread) => read(`/proc/${pid}/task/${thread}/children`)?.match(/\d+/g) ?? [],
	);
	return children.reduce((sum, child) => sum + (processCpuSeconds(Number(child)) ?? 0), own);
}

function ownCpuSeconds(pid: number): number | undefined {
	const stat = read(`/proc/${pid}/stat`);
	if (stat === undefined) return undefined;
	// The second field, the command, may itself hold spaces: count from its closing bracket.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU seconds spent on all cores since boot, those taken by other virtual machines included. */
export function machineCpuSeconds(): number | undefined {
	const fields = /^cpu +(.*)$/m
		.exec(read("/proc/stat") ?? "")?.[1]
		?.split(" ")
		.map(Number);
	if (!fields) return undefined;
	const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
	return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

function list(path: string): string[] {
	try {
		return readdirSync(path);
	} catch {
		return [];
	}
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return undefined;
	}
}
