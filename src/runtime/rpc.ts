/** Either end of a channel between two threads. */
export interface MessagePortLike {
	post(message: unknown, transfer?: readonly ArrayBufferLike[]): void;
	listen(onMessage: (message: unknown) => void, onError: (error: Error) => void): void;
	/** Keep the process alive while a call is pending (Node). */
	hold?(): void;
	release?(): void;
}

/** A method that may report progress while it works. */
export type Method = (params: never, report: (progress: unknown) => void) => Promise<Reply>;

/** A result, and the buffers in it that may be moved instead of copied. */
export interface Reply {
	readonly value: unknown;
	readonly transfer?: readonly ArrayBufferLike[];
}

type Request = { id: number; method: string; params: unknown };
type Response = { id: number } & (
	| { progress: unknown }
	| { value: unknown }
	| { error: { name: string; message: string } }
);

/** Answers calls that arrive on a port. */
export function serve(port: MessagePortLike, methods: Readonly<Record<string, Method>>): void {
	const answer = async ({ id, method, params }: Request): Promise<void> => {
		try {
			const call = methods[method];
			if (!call) throw new Error(`internal: no method "${method}"`);
			const { value, transfer } = await call(params as never, (progress) => port.post({ id, progress }));
			port.post({ id, value }, transfer);
		} catch (error) {
			const { name, message } = error as Error;
			port.post({ id, error: { name, message } });
		}
	};
	port.listen(
		(message) => void answer(message as Request),
		() => {},
	);
}

interface Pending {
	resolve(value: unknown): void;
	reject(error: Error): void;
	report(progress: unknown): void;
}

/** Calls methods at the other end of a port. */
export class Client {
	private readonly pending = new Map<number, Pending>();
	private next = 0;
	private broken: Error | undefined;

	/** @param revive turns an error's name and message back into an error */
	constructor(
		private readonly port: MessagePortLike,
		private readonly revive: (error: { name: string; message: string }) => Error,
	) {
		port.listen(
			(message) => this.receive(message as Response),
			(error) => this.fail(error),
		);
	}

	call(method: string, params: unknown, report: (progress: unknown) => void = () => {}): Promise<unknown> {
		if (this.broken) return Promise.reject(this.broken);
		const id = this.next++;
		return new Promise((resolve, reject) => {
			if (this.pending.size === 0) this.port.hold?.();
			this.pending.set(id, { resolve, reject, report });
			this.port.post({ id, method, params } satisfies Request);
		});
	}

	/** Rejects every pending and every later call. */
	fail(error: Error): void {
		this.broken ??= error;
		for (const { reject } of this.pending.values()) reject(error);
		this.pending.clear();
		this.port.release?.();
	}

	private receive(message: Response): void {
		const call = this.pending.get(message.id);
		if (!call) return;
		if ("progress" in message) {
			call.report(message.progress);
			return;
		}
		this.pending.delete(message.id);
		if (this.pending.size === 0) this.port.release?.();
		if ("error" in message) call.reject(this.revive(message.error));
		else call.resolve(message.value);
	}
}
