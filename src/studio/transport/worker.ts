import { type Connection, connect } from "./connection.js";

/** The engine in a web worker of this page. */
export function connectWorker(base: string, provider?: "wasm" | "webgpu"): Connection {
	const worker = new Worker(new URL("../service/page-worker.ts", import.meta.url), {
		type: "module",
		name: "headscope studio",
	});
	worker.postMessage({ base, provider });
	return connect(
		{
			post: (message, transfer = []) => worker.postMessage(message, transfer as Transferable[]),
			listen: (onMessage, onError) => {
				worker.onmessage = ({ data }) => onMessage(data);
				worker.onerror = ({ message }) => onError(new Error(message || "the page's engine failed to start"));
			},
		},
		() => worker.terminate(),
	);
}
