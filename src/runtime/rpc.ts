/** Either end of a channel between two threads. */
export interface MessagePortLike {
	post(message: unknown, transfer?: readonly ArrayBufferLike[]): void;
	listen(onMessage: (message: unknown) => void, onError: (error: Error) => void): void;
	/** Keep the process alive while a call is pending (Node). */
	hold?(): void;
	release?(): void;
}

/** What a method is given beside its parameters. */
export interface CallContext {
	report(progress: unknown): void;
	/** Aborted when the caller gave up. */
	readonly signal: AbortSignal;
}

export type Method = (params: never, context: CallContext) => Promise<Reply>;

/** A result, and the buffers in it that are moved instead of copied. */
export interface Reply {
	readonly value: unknown;
	readonly transfer?: readonly ArrayBufferLike[];
}

/** An error as it travels: any thrown value has these, whatever else cannot be cloned. */
export interface ErrorMessage {
	readonly name: string;
	readonly message: string;
	readonly stack?: string | undefined;
}

type Request = { id: number } & ({ method: string; params: unknown } | { cancel: true });
type Response = { id: number } & ({ progress: unknown } | { value: unknown } | { error: ErrorMessage });

/** Answers calls that arrive on a port. */
export function serve(port: MessagePortLike, methods: Readonly<Record<string, Method>>): void {
	const running = new Map<number, AbortController>();
	const answer = async (id: number, method: string, params: unknown): Promise<void> => {
		const controller = new AbortController();
		running.set(id, controller);
		try {
			const call = Object.hasOwn(methods, method) ? methods[method] : undefined;
			if (!call) throw new Error(`internal: no method "${method}"`);
			const report = (progress: unknown): void => port.post({ id, progress });
			const { value, transfer } = await call(params as never, { report, signal: controller.signal });
			port.post({ id, value }, transfer);
		} catch (error) {
			port.post({ id, error: errorMessage(error) });
		} finally {
			running.delete(id);
		}
	};
	port.listen(
		(message) => {
			// the other end may be another program
			if (typeof message !== "object" || message === null || !("id" in message)) return;
			const request = message as Request;
			if ("cancel" in request) running.get(request.id)?.abort();
			else void answer(request.id, request.method, request.params);
		},
		// nobody hears the answers any more
		() => {
			for (const controller of running.values()) controller.abort();
		},
	);
}

function errorMessage(error: unknown): ErrorMessage {
	if (!(error instanceof Error)) return { name: "Error", message: String(error) };
	return { name: error.name, message: error.message, stack: error.stack };
}

interface Pending {
	resolve(value: unknown): void;
	reject(error: Error): void;
	report(progress: unknown): void;
}

export interface CallOptions {
	report?: (progress: unknown) => void;
	/** Rejects the call at once when aborted, and tells the other end. */
	signal?: AbortSignal | undefined;
}

/** Calls methods at the other end of a port. */
export class Client {
	private readonly pending = new Map<number, Pending>();
	private next = 0;
	private broken: Error | undefined;

	/** @param revive makes an error of one that has travelled */
	constructor(
		private readonly port: MessagePortLike,
		private readonly revive: (error: ErrorMessage) => Error,
	) {
		port.listen(
			(message) => this.receive(message as Response),
			(error) => this.fail(error),
		);
	}

	async call(
		method: string,
		params: unknown,
		{ report = () => {}, signal }: CallOptions = {},
	): Promise<unknown> {
		signal?.throwIfAborted();
		if (this.broken) throw this.broken;
		const id = this.next++;
		const onAbort = (): void => {
			this.settle(id)?.reject(signal?.reason);
			this.post({ id, cancel: true });
		};
		try {
			return await new Promise((resolve, reject) => {
				// first, so that parameters that cannot be cloned leave nothing pending
				this.post({ id, method, params });
				if (this.pending.size === 0) this.port.hold?.();
				this.pending.set(id, { resolve, reject, report });
				signal?.addEventListener("abort", onAbort, { once: true });
			});
		} finally {
			signal?.removeEventListener("abort", onAbort);
		}
	}

	/** Rejects every pending and every later call. */
	fail(error: Error): void {
		this.broken ??= error;
		for (const id of [...this.pending.keys()]) this.settle(id)?.reject(error);
	}

	/**
	 * Rejects every pending and every later call, then lets the other end answer a last one: what it is in the
	 * middle of must end before its thread may.
	 */
	async close(error: Error, method: string): Promise<void> {
		if (this.broken) return;
		for (const id of [...this.pending.keys()]) this.settle(id)?.reject(error);
		const last = this.call(method, undefined);
		this.broken = error;
		await last.catch(() => {});
	}

	private post(request: Request): void {
		this.port.post(request);
	}

	/** Takes a call out of the pending ones. */
	private settle(id: number): Pending | undefined {
		const call = this.pending.get(id);
		this.pending.delete(id);
		if (call && this.pending.size === 0) this.port.release?.();
		return call;
	}

	private receive(message: Response): void {
		if ("progress" in message) this.pending.get(message.id)?.report(message.progress);
		else if ("error" in message) this.settle(message.id)?.reject(this.revive(message.error));
		else this.settle(message.id)?.resolve(message.value);
	}
}
