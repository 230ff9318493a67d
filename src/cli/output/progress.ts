import type { SingleBar } from "cli-progress";
import type { OnProgress, Progress } from "../../weights/index.js";
import type { TextStream } from "../io.js";

/** Between two lines of one stage, in milliseconds, where stderr is no terminal. */
const LINE_EVERY = 5_000;
/** Work that ends within this many milliseconds shows no bar: it would only flicker. */
const SILENT_FOR = 300;

/** Counts steps of work that is not bytes: batches of samples, runs of a sweep. Who knows better how long it takes says so. */
export type OnStep = (done: number, total: number, secondsLeft?: number) => void;

/**
 * Progress on stderr: a bar in a terminal, now and then a plain line elsewhere, nothing when quiet.
 * One bar is shown at a time; `end` takes it away again, so that what follows begins on a clean line.
 */
export class ProgressReporter {
	private bar: SingleBar | undefined;
	private shown = "";
	private started = 0;
	private lastLine = 0;

	constructor(
		private readonly stream: TextStream,
		private readonly quiet: boolean,
	) {}

	/** Bytes of a download or of weights that are being read. */
	readonly onBytes: OnProgress = (progress) => {
		const { stage, done, total, rate } = progress;
		this.report(STAGES[stage], done, total, `${bytes(done)} of ${bytes(total)}, ${bytes(rate)}/s`);
	};

	/** Steps of a named piece of work. */
	onStep(label: string): OnStep {
		return (done, total, secondsLeft) => {
			// a bar says itself how long it will take
			const left = secondsLeft === undefined || this.stream.isTTY ? "" : `, ${duration(secondsLeft)} left`;
			this.report(label, done, total, `${done} of ${total}${left}`);
		};
	}

	/** Steps of a training run, with the batch's loss and how fast they go. */
	onTraining(label: string): (done: number, total: number, loss: number) => void {
		let first: { readonly done: number; readonly at: number } | undefined;
		return (done, total, loss) => {
			const now = performance.now();
			first ??= { done, at: now };
			const rate = (1000 * (done - first.done)) / Math.max(1, now - first.at);
			const left = this.stream.isTTY || rate === 0 ? "" : `, ${duration((total - done) / rate)} left`;
			const amount = `${done} of ${total}, loss ${loss.toFixed(4)}, ${rate.toPrecision(3)} steps/s${left}`;
			this.report(label, done, total, amount);
		};
	}

	/** Takes the bar away. */
	end(): void {
		this.bar?.stop();
		this.bar = undefined;
		this.shown = "";
	}

	private report(label: string, done: number, total: number, amount: string): void {
		if (this.quiet) return;
		const now = performance.now();
		if (label !== this.shown) {
			this.end();
			this.shown = label;
			this.started = now;
			this.lastLine = now;
		}
		if (this.stream.isTTY) this.draw(label, done, total, amount, now);
		else if (now - this.lastLine >= LINE_EVERY && done < total) {
			this.lastLine = now;
			this.stream.write(`${label}: ${amount}\n`);
		}
	}

	private draw(label: string, done: number, total: number, amount: string, now: number): void {
		if (this.bar) {
			this.bar.update(done, { amount });
			if (done >= total) this.end();
			return;
		}
		if (now - this.started < SILENT_FOR || done >= total || this.loading) return;
		this.loading = true;
		// imported on use: most commands end before a bar would be worth showing
		void import("cli-progress").then(({ default: cliProgress }) => {
			this.loading = false;
			if (this.shown !== label) return;
			this.bar = new cliProgress.SingleBar({
				stream: this.stream as unknown as NodeJS.WritableStream,
				format: `${label} {bar} {percentage}%  {amount}, {eta_formatted} left`,
				barsize: 14,
				barCompleteChar: "█",
				barIncompleteChar: "░",
				hideCursor: true,
				clearOnComplete: true,
				linewrap: false,
			});
			this.bar.start(total, done, { amount });
		});
	}

	private loading = false;
}

const STAGES: Readonly<Record<Progress["stage"], string>> = {
	download: "Downloading",
	load: "Loading weights",
};

/** A number of bytes as a reader takes it in: "1.3 GB". */
export function bytes(count: number): string {
	const units = ["B", "kB", "MB", "GB", "TB"];
	let value = count;
	let unit = 0;
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Seconds as a reader takes them in: "1 h 20 min", "3 min 5 s", "8 s". */
export function duration(seconds: number): string {
	const whole = Math.ceil(seconds);
	if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
	return whole >= 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole} s`;
}
