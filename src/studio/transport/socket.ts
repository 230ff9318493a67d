import type { Methods, ParamsOf, ResultOf } from "../service/registry.js";
import { type CallOptions, type Connection, connect } from "./connection.js";
import { fromBytes, toBytes } from "./wire.js";

/** What becomes of a call when the socket goes; asking again is safe, since no method but `open` keeps anything. */
export class ConnectionLost extends Error {
	override readonly name = "ConnectionLost";
}

/** Waits between attempts to reach a server that is gone, in milliseconds; the last one again and again. */
const WAITS = [200, 500, 1000, 2000];

/** Hears whether the engine can be reached. */
export type OnReach = (reached: boolean) => void;

/** The engine in Node, over a WebSocket that is opened again whenever it breaks. */
export function connectSocket(address: string, onReach: OnReach = () => {}): Connection {
	let current: Connection | undefined;
	let socket: WebSocket | undefined;
	let closed = false;
	let attempts = 0;
	let waiting: (() => void)[] = [];

	const open = (): void => {
		socket = new WebSocket(address);
		socket.binaryType = "arraybuffer";
		const own = socket;
		let fail = (_: Error): void => {};
		const connection = connect(
			{
				post: (message) => own.send(toBytes(message)),
				listen: (onMessage, onError) => {
					fail = onError;
					own.onmessage = ({ data }) => onMessage(fromBytes(new Uint8Array(data as ArrayBuffer)));
				},
			},
			() => own.close(),
		);
		own.onopen = () => {
			attempts = 0;
			current = connection;
			onReach(true);
			for (const go of waiting.splice(0)) go();
		};
		own.onclose = ({ reason }) => {
			current = undefined;
			fail(new ConnectionLost(`the engine cannot be reached${reason ? `: ${reason}` : ""}`));
			if (closed) return;
			onReach(false);
			setTimeout(open, WAITS[Math.min(attempts++, WAITS.length - 1)]);
		};
	};
	open();

	const reached = (signal: AbortSignal | undefined): Promise<Connection> => {
		if (current) return Promise.resolve(current);
		return new Promise((resolve, reject) => {
			waiting.push(() => resolve(current as Connection));
			signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
		});
	};
	return {
		// a call that the break of a connection ended is made again on the next one
		call: async <K extends keyof Methods>(
			method: K,
			params: ParamsOf<K>,
			options?: CallOptions<K>,
		): Promise<ResultOf<K>> => {
			for (;;) {
				const connection = await reached(options?.signal);
				try {
					return await connection.call(method, params, options);
				} catch (error) {
					if (!(error instanceof ConnectionLost) || closed) throw error;
				}
			}
		},
		close: () => {
			closed = true;
			waiting = [];
			socket?.close();
		},
	};
}
