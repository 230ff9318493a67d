/** A training thread (Node): all computing of one run; its storages stay with the thread that started it. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Client } from "../../runtime/rpc.js";
import { TrainError } from "../../train/errors.js";
import type { Storage } from "../../train/storage.js";
import type { ThreadEnd, ThreadStart } from "./thread-messages.js";
import { StoppedError, trainAndReport } from "./train-and-report.js";

const port = parentPort as MessagePort;
const { config, projectDir, storages, stop } = workerData as ThreadStart;
const client = new Client(
	{
		post: (message) => port.postMessage(message),
		listen: (onMessage) => port.on("message", onMessage),
	},
	({ message }) => new TrainError(message),
);

/** A storage of the other thread. */
function remote(name: string, index: number): Storage {
	const ask = (method: keyof Storage, ...args: unknown[]): Promise<never> =>
		client.call("storage", { index, method, args }) as Promise<never>;
	return {
		name,
		put: (key, bytes) => ask("put", key, bytes),
		putNew: (key, bytes) => ask("putNew", key, bytes),
		get: (key) => ask("get", key),
		exists: (key) => ask("exists", key),
		list: (prefix) => ask("list", prefix),
	};
}

async function work(): Promise<ThreadEnd> {
	try {
		const done = await trainAndReport(config, {
			storages: storages.map(remote),
			projectDir,
			stopAsked: () => Atomics.load(stop, 0) !== 0,
			report: async (report) => {
				await client.call("report", report);
			},
		});
		return { done };
	} catch (error) {
		if (error instanceof StoppedError) return { stopped: true };
		const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
		return { failed: { name, message, stack } };
	}
}

await client.call("end", await work());
port.close();
