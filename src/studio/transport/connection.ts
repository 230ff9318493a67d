import { Client, type ErrorMessage, type MessagePortLike } from "../../runtime/rpc.js";
import type { Methods, ParamsOf, ProgressOf, ResultOf } from "../service/registry.js";
import { unpackTensors } from "../service/tensor-message.js";

export interface CallOptions<K extends keyof Methods> {
	readonly signal?: AbortSignal;
	readonly onProgress?: (progress: ProgressOf<K>) => void;
}

/** The studio's engine, wherever it runs: a web worker of this page, or Node behind a socket. */
export interface Connection {
	call<K extends keyof Methods>(
		method: K,
		params: ParamsOf<K>,
		options?: CallOptions<K>,
	): Promise<ResultOf<K>>;
	close(): void;
}

/** Calls over any port that carries plain data. */
export function connect(port: MessagePortLike, close: () => void): Connection {
	const client = new Client(port, revive);
	return {
		call: async <K extends keyof Methods>(
			method: K,
			params: ParamsOf<K>,
			{ signal, onProgress }: CallOptions<K> = {},
		) => {
			const report = (progress: unknown): void => onProgress?.(unpackTensors(progress) as ProgressOf<K>);
			return unpackTensors(await client.call(method, params, { signal, report })) as ResultOf<K>;
		},
		close: () => {
			client.fail(new Error("the connection was closed"));
			close();
		},
	};
}

/** The error with the name and message that it had at the other end. */
function revive({ name, message }: ErrorMessage): Error {
	return Object.defineProperty(new Error(message), "name", { value: name });
}
