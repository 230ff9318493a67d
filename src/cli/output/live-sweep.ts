import { type BoardRow, type RowState, type SweepBoard, stepsLeft } from "../../runs/sweep-board.js";
import { oneLine } from "../errors.js";
import type { TextStream } from "../io.js";
import { cutTo, table } from "./table.js";

/** Between two drawings in a terminal, in milliseconds. */
const DRAW_EVERY = 250;
/** Between two lines on a run in training where there is no terminal, in milliseconds. */
const LINE_EVERY = 30_000;

const COLUMNS = [
	{ title: "RUN" },
	{ title: "STEP", right: true },
	{ title: "LOSS", right: true },
	{ title: "STEPS/S", right: true },
	{ title: "LEFT", right: true },
	{ title: "STATE" },
];

/** Shows a sweep in training: a table in a terminal, plain lines elsewhere, nothing when quiet. */
export class LiveSweep {
	private drawn = 0;
	private notice = "";
	private timer: ReturnType<typeof setInterval> | undefined;
	private readonly lines = new Map<BoardRow, number>();

	constructor(
		private readonly stream: TextStream,
		private readonly quiet: boolean,
		private readonly label: (row: BoardRow) => string,
	) {}

	/** Begins to show a board. */
	start(board: SweepBoard): void {
		if (this.quiet || !this.stream.isTTY) return;
		this.timer = setInterval(() => this.draw(board), DRAW_EVERY);
		this.timer.unref();
	}

	/** To be called when a row has changed. */
	changed(row: BoardRow, before: RowState): void {
		if (this.quiet || this.stream.isTTY) return;
		const now = performance.now();
		const said = row.state !== before ? describeChange(row, before) : undefined;
		const due = row.state === "training" && now - (this.lines.get(row) ?? now) > LINE_EVERY;
		if (said === undefined && !due) {
			if (!this.lines.has(row)) this.lines.set(row, now);
			return;
		}
		this.lines.set(row, now);
		this.stream.write(`${this.label(row)}: ${said ?? progressOf(row)}\n`);
	}

	/** Says something about the sweep as a whole, until something else is said. */
	say(notice: string): void {
		this.notice = notice;
		if (!this.quiet && !this.stream.isTTY) this.stream.write(`${notice}\n`);
	}

	/** Takes the table away. */
	end(): void {
		clearInterval(this.timer);
		this.erase();
	}

	private erase(): void {
		// up to the first line of the table, and everything from there away
		if (this.drawn > 0) this.stream.write(`\x1b[${this.drawn}F\x1b[0J`);
		this.drawn = 0;
	}

	private draw(board: SweepBoard): void {
		const width = this.stream.columns ?? 100;
		const room = Math.max(3, (this.stream.rows ?? 24) - 4);
		const lines = [
			[summaryOf(board), this.notice].filter(Boolean).join("; "),
			...table(
				COLUMNS,
				shownRows(board, room).map((row) => this.cells(row)),
			).split("\n"),
		].map((line) => cutTo(line, width - 1));
		this.erase();
		this.stream.write(`${lines.join("\n")}\n`);
		this.drawn = lines.length;
	}

	private cells(row: BoardRow): string[] {
		const { step, loss, rate, state, error, worker, run } = row;
		const training = state === "training";
		return [
			this.label(row),
			`${step === undefined ? 0 : step + 1}/${run.config.num_steps}`,
			training && loss !== undefined ? loss.toFixed(4) : "",
			training && rate ? rate.toFixed(rate < 10 ? 1 : 0) : "",
			training && rate ? duration(stepsLeft(row) / rate) : "",
			[state, worker, error && oneLine(error)].filter(Boolean).join(" "),
		];
	}
}

/** Those that fit: first what is happening and what went wrong, the rest in the order of the sweep. */
function shownRows(board: SweepBoard, room: number): BoardRow[] {
	const first = [...board.inState("training"), ...board.inState("failed")];
	const shown = new Set(first.slice(0, room));
	for (const row of [...board.inState("waiting"), ...board.inState("finished").toReversed()]) {
		if (shown.size < room) shown.add(row);
	}
	return board.rows.filter((row) => shown.has(row));
}

function summaryOf(board: SweepBoard): string {
	const counts = (["training", "waiting", "failed"] as const)
		.map((state) => [board.inState(state).length, state] as const)
		.filter(([count]) => count > 0)
		.map(([count, state]) => `, ${count} ${state}`);
	const left = board.secondsLeft();
	const eta = left === undefined ? "" : `, about ${duration(left)} left`;
	return `${board.inState("finished").length} of ${board.rows.length} runs finished${counts.join("")}${eta}`;
}

function describeChange(row: BoardRow, before: RowState): string {
	if (row.state === "failed") return `failed: ${oneLine(row.error ?? "")}`;
	if (row.state === "finished") return `finished ${row.run.config.num_steps} steps`;
	if (row.state === "training") {
		return row.step === undefined ? "begun" : `goes on after step ${row.step}`;
	}
	return before === "training" ? `stopped after step ${row.step ?? "none"}` : row.state;
}

function progressOf(row: BoardRow): string {
	const { step, run, loss, rate } = row;
	const speed = rate ? `, ${rate.toFixed(0)} steps/s, ${duration(stepsLeft(row) / rate)} left` : "";
	return `step ${(step ?? -1) + 1} of ${run.config.num_steps}, loss ${loss?.toFixed(4) ?? "?"}${speed}`;
}

/** Seconds as a reader takes them in: "42 s", "3 min 5 s", "2 h 10 min". */
export function duration(seconds: number): string {
	const s = Math.round(seconds);
	if (s < 60) return `${s} s`;
	if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
	return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
