import type { Connection } from "../transport/connection.js";
import { connectWorker } from "../transport/worker.js";
import { isolate } from "./isolate.js";

/** The page's engine. It takes longest to start, so it begins with this module, before the rest of the page is looked at. */
export interface PageEngine {
	/** Tells of a local engine whether it can be reached; set by whoever wants to know. */
	onReached: (reached: boolean) => void;
	/** Undefined where the page is being loaded again. */
	readonly connection: Connection | undefined | Promise<Connection | undefined>;
}

const base = new URL("./", location.href).href.replace(/[?#].*$/, "");

/** The token that a local engine wants: from the address of the first visit, then out of sight. */
function takeToken(): string | undefined {
	const address = new URL(location.href);
	const given = address.searchParams.get("token");
	if (given === null) return sessionStorage.getItem("headscope-token") ?? undefined;
	sessionStorage.setItem("headscope-token", given);
	address.searchParams.delete("token");
	history.replaceState(null, "", address);
	return given;
}

/** `?engine=webgpu` asks for the graphics card. */
function askedProvider(): "wasm" | "webgpu" {
	return new URL(location.href).searchParams.get("engine") === "webgpu" ? "webgpu" : "wasm";
}

function start(): PageEngine["connection"] {
	const isolated = isolate(base);
	return isolated === true ? connect() : isolated.then((goesOn) => (goesOn ? connect() : undefined));
}

function connect(): Connection | Promise<Connection> {
	const token = takeToken();
	if (token === undefined) return connectWorker(base, askedProvider());
	const address = `${base.replace(/^http/, "ws")}socket?token=${token}`;
	return import("../transport/socket.js").then(({ connectSocket }) =>
		connectSocket(address, (reached) => engine.onReached(reached)),
	);
}

export const engine: PageEngine = { onReached: () => {}, connection: start() };
