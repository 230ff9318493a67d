import type { SweepRun } from "../train/sweep.js";
import type { RunProgress } from "./run-progress.js";

/**
 * - "waiting": not begun, or begun and stopped
 * - "failed": cannot end, such as by a loss that is no number
 */
export type RowState = "waiting" | "training" | "finished" | "failed";

/** Where one run of a sweep stands. */
export interface BoardRow {
	readonly run: SweepRun;
	state: RowState;
	/** The last step that was done, from 0. */
	step: number | undefined;
	loss: number | undefined;
	/** Steps per second since it was begun here. */
	rate: number | undefined;
	/** Why it failed. */
	error: string | undefined;
	/** Who trains it, where that is not this process. */
	worker: string | undefined;
}

/** Where the runs of a sweep stand while they are trained; whoever shows it listens. */
export class SweepBoard {
	readonly rows: readonly BoardRow[];
	/** Since the run was begun: its first report, to tell its speed. */
	private readonly first = new Map<BoardRow, { step: number; time: number }>();

	constructor(
		runs: readonly SweepRun[],
		progress: readonly RunProgress[],
		private readonly onChange: (row: BoardRow, before: RowState) => void = () => {},
	) {
		this.rows = runs.map((run, i) => ({
			run,
			state: progress[i]?.state === "finished" ? "finished" : "waiting",
			step: progress[i]?.step,
			loss: undefined,
			rate: undefined,
			error: undefined,
			worker: undefined,
		}));
	}

	/** Changes a row; speed follows from the steps. */
	update(row: BoardRow, change: Partial<Omit<BoardRow, "run" | "rate">>): void {
		const before = row.state;
		if (change.state !== undefined && change.state !== before) this.first.delete(row);
		Object.assign(row, change);
		if (row.state !== "training") row.rate = undefined;
		else if (change.step !== undefined) {
			const now = performance.now();
			const first = this.first.get(row);
			if (!first || first.step > change.step) this.first.set(row, { step: change.step, time: now });
			else if (now - first.time > 0) row.rate = (change.step - first.step) / ((now - first.time) / 1000);
		}
		this.onChange(row, before);
	}

	inState(state: RowState): BoardRow[] {
		return this.rows.filter((row) => row.state === state);
	}

	/** Seconds until all is done at the present speed; undefined where nothing is known. */
	secondsLeft(): number | undefined {
		const rate = this.inState("training").reduce((sum, row) => sum + (row.rate ?? 0), 0);
		if (rate === 0) return undefined;
		const open = [...this.inState("training"), ...this.inState("waiting")];
		return open.reduce((sum, row) => sum + stepsLeft(row), 0) / rate;
	}
}

/** Updates that a run still has to do. */
export function stepsLeft({ run, step }: BoardRow): number {
	return Math.max(0, run.config.num_steps - 1 - (step ?? -1));
}
