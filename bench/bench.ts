import type { SideSpec } from "./side.js";

/** A limit that a case's result must keep: it names the rivals it is measured against. */
export interface Goal {
	/** Largest allowed ours / rival. */
	ratio: number;
	/** Names of rivals or budgets; the best of them counts. Default: all rivals. */
	against?: string[];
}

/** One thing that is measured, on every side. */
export interface BenchCase {
	name: string;
	/** Passed to the sides as it is. */
	params: Record<string, unknown>;
	/** Time of one run in ms, or peak memory in MB (1e6 bytes) of a fresh process that runs only this. */
	measure: "time" | "memory";
	goal?: Goal;
	/** Names of the rivals that take part. Default all. */
	rivals?: string[];
	/** Fixed numbers to compare with beside the rivals, in the measure's unit. */
	budgets?: { name: string; value: number }[];
}

/** A bench: what is compared on which cases. Add one as a file and a line in `run.ts`. */
export interface Bench {
	name: string;
	/** One line, shown in the list of benches. */
	about: string;
	ours: SideSpec;
	rivals: SideSpec[];
	cases: BenchCase[];
	/**
	 * Largest |difference| allowed between the outputs that the sides send for the same case; without it
	 * they are not compared. Sides that compute something else are not worth timing against.
	 */
	tolerance?: number;
}

/** A smallest and a largest value. */
export type Range = [low: number, high: number];

/** One case against one rival. Lower is better for both units; a ratio below 1 means that ours is ahead. */
export interface Row {
	case: string;
	unit: "ms" | "MB";
	/** Median over the rounds; null where our side was left out. */
	ours: number | null;
	/** Median over the rounds. */
	rival: number;
	rivalName: string;
	/** ours / rival, of the medians. */
	ratio: number | null;
	/** Over the rounds; `ratio` pairs the runs of one round. */
	spread: { ours: Range | null; rival: Range; ratio: Range | null };
	/** Largest allowed ratio, on the row of the best rival among those that the goal names; else null. */
	goal: number | null;
	rounds: number;
}

/** What one side was, and whether it kept quiet: `idleCpu` is in cores, while others were being timed. */
export interface SideReport {
	name: string;
	versions: Record<string, string>;
	idleCpu: number | null;
}

export interface BenchResult {
	bench: string;
	machine: Record<string, string | number>;
	threads: number;
	/** Cores that neither the sides nor the bench used while times were taken: near 0, or trust none of them. */
	foreignCpu: number | null;
	sides: SideReport[];
	rows: Row[];
}
