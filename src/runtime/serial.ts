type Task = () => Promise<void>;

/**
 * Runs tasks one after another, urgent ones before those that wait. Between two of them, and before an urgent one, the thread
 * turns to its events, so that what has arrived, an abort or an urgent task, is heard before the next task starts.
 */
export class Serial {
	private readonly waiting: Task[] = [];
	private readonly urgent: Task[] = [];
	private isRunning = false;

	constructor(private readonly nextTurn: () => Promise<void>) {}

	run<T>(task: () => Promise<T>, urgent = false): Promise<T> {
		return new Promise<T>((resolve, reject) => {
			(urgent ? this.urgent : this.waiting).push(() => task().then(resolve, reject));
			if (!this.isRunning) void this.runAll();
		});
	}

	private async runAll(): Promise<void> {
		this.isRunning = true;
		for (let isFirst = true; this.urgent.length + this.waiting.length > 0; isFirst = false) {
			if (!isFirst || this.urgent.length > 0) await this.nextTurn();
			await this.take()?.();
		}
		this.isRunning = false;
	}

	private take(): Task | undefined {
		return this.urgent.shift() ?? this.waiting.shift();
	}
}
