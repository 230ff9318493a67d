/** The page's engine: a web worker that serves the studio's methods. */
import { serve } from "../../runtime/rpc.js";
import { pageHost } from "./page-host.js";
import { studioService } from "./service.js";

const scope = globalThis as unknown as {
	postMessage(message: unknown, transfer: readonly ArrayBufferLike[]): void;
	onmessage: (event: MessageEvent) => void;
};

/** The first message says where the page's files are. */
interface Start {
	readonly base: string;
	readonly provider?: "wasm" | "webgpu";
}

// what comes before the engine is up is kept, in order
const early: unknown[] = [];
let receive = (message: unknown): void => void early.push(message);
let started = false;
scope.onmessage = ({ data }) => {
	if (started) return receive(data);
	started = true;
	void start(data as Start);
};

async function start({ base, provider }: Start): Promise<void> {
	const host = await pageHost(base, provider);
	serve(
		{
			post: (message, transfer = []) => scope.postMessage(message, transfer),
			listen: (onMessage) => {
				receive = onMessage;
				for (const message of early.splice(0)) onMessage(message);
			},
		},
		studioService(host),
	);
}
