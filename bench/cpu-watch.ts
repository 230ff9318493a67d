import { machineCpuSeconds } from "./machine.js";
import type { Side } from "./side.js";

/**
 * Watches who uses the processor while one side is timed: nobody else should. Threads of an idle side that
 * still spin, and other programs on the machine, both slow the one that is measured.
 */
export class CpuWatch {
	readonly #sides: Side[];
	readonly #idle: Map<Side, { cpu: number; seconds: number }>;
	#foreign = 0;
	#seconds = 0;

	constructor(sides: Side[]) {
		this.#sides = sides;
		this.#idle = new Map(sides.map((side) => [side, { cpu: 0, seconds: 0 }]));
	}

	/** Lets one side work, and counts what everything else does meanwhile. */
	async during<T>(side: Side, work: () => Promise<T>): Promise<T> {
		const start = performance.now();
		const own = process.cpuUsage();
		const machine = machineCpuSeconds() ?? 0;
		const before = this.#sides.map((each) => each.cpuSeconds() ?? 0);
		const result = await work();
		const spent = this.#sides.map((each, i) => (each.cpuSeconds() ?? 0) - (before[i] ?? 0));
		const { user, system } = process.cpuUsage(own);
		const known = spent.reduce((sum, each) => sum + each, (user + system) / 1e6);
		const seconds = (performance.now() - start) / 1e3;
		this.#foreign += (machineCpuSeconds() ?? 0) - machine - known;
		this.#seconds += seconds;
		this.#sides.forEach((each, i) => {
			const idle = this.#idle.get(each);
			if (each === side || !idle) return;
			idle.cpu += spent[i] ?? 0;
			idle.seconds += seconds;
		});
		return result;
	}

	/** Cores that a side used while others were timed; null if unknown. */
	idleCpu(side: Side): number | null {
		const idle = this.#idle.get(side);
		return idle?.seconds && side.cpuSeconds() !== undefined ? idle.cpu / idle.seconds : null;
	}

	/** Cores that neither the sides nor this process used; null if unknown. */
	foreignCpu(): number | null {
		if (machineCpuSeconds() === undefined || this.#seconds === 0) return null;
		// The two counters tick apart: a sum a little below 0 is 0.
		return Math.max(0, this.#foreign / this.#seconds);
	}
}
