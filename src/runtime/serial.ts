/**
 * Runs tasks one after another. Between two of them the thread turns to its events, so that an abort that
 * has arrived is heard before the next task starts.
 */
export class Serial {
	private tail: Promise<unknown> = Promise.resolve();
	private waiting = 0;

	constructor(private readonly nextTurn: () => Promise<void>) {}

	run<T>(task: () => Promise<T>): Promise<T> {
		const queued = this.waiting++ > 0;
		const result = this.tail.then(async () => {
			try {
				if (queued) await this.nextTurn();
				return await task();
			} finally {
				this.waiting--;
			}
		});
		this.tail = result.catch(() => {});
		return result;
	}
}
