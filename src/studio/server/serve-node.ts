import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { pipeline } from "node:stream/promises";
import { type WebSocket, WebSocketServer } from "ws";
import { serve } from "../../runtime/rpc.js";
import type { StudioHost } from "../service/host.js";
import { studioService } from "../service/service.js";
import { fromBytes, toBytes } from "../transport/wire.js";
import { HEADERS, isAdmitted, refusal } from "./guard-node.js";
import { type StudioFiles, studioFiles } from "./studio-files-node.js";

const TYPES: Readonly<Record<string, string>> = {
	".html": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".json": "application/json",
	".jsonl": "application/jsonl",
	".wasm": "application/wasm",
	".svg": "image/svg+xml",
	".yaml": "text/yaml; charset=utf-8",
	".yml": "text/yaml; charset=utf-8",
};

/** Longest message from a page: 8 MiB, room for a drawn pattern of the longest context and then some. */
export const MOST_MESSAGE = 8 * 2 ** 20;

export interface ServeOptions {
	/** Default: any that is free. */
	readonly port?: number;
	/** Serves models too; without one the page computes by itself. */
	readonly host?: StudioHost;
	readonly files?: StudioFiles;
}

/** A running studio. */
export interface StudioServer extends AsyncDisposable {
	/** With the token that its socket wants. */
	readonly url: string;
	readonly port: number;
	readonly token: string;
	/** Ends every socket; pages open new ones. */
	dropConnections(): void;
}

/**
 * Serves the studio on 127.0.0.1.
 * @throws {Error} where the port is taken
 */
export async function serveStudio({
	port = 0,
	host,
	files = studioFiles(),
}: ServeOptions = {}): Promise<StudioServer> {
	const token = randomBytes(24).toString("base64url");
	const service = host && studioService(host);
	const server = createServer(
		(request, response) => void answer(request, response).catch(() => response.destroy()),
	);
	const sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_MESSAGE });

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const refused = refusal(request, actualPort());
		if (refused !== undefined) return end(response, 403, refused);
		if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405, "allowed GET, HEAD");
		const path = pathOf(request);
		const file = path === undefined ? undefined : files.find(path);
		const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
		if (file === undefined || !found?.isFile()) return end(response, 404, "there is no such file");
		await send(request, response, file, found.size);
	}

	server.on("upgrade", (request, socket, head) => {
		const path = pathOf(request);
		if (
			!service ||
			path !== "/socket" ||
			refusal(request, actualPort()) !== undefined ||
			!isAdmitted(request, token)
		) {
			socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
			return;
		}
		sockets.handleUpgrade(request, socket, head, (accepted) => serve(portOf(accepted), service));
	});
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", resolve);
	});
	const actualPort = (): number => (server.address() as AddressInfo).port;
	return {
		url: `http://127.0.0.1:${actualPort()}/${service ? `?token=${token}` : ""}`,
		port: actualPort(),
		token,
		dropConnections: () => {
			for (const socket of sockets.clients) socket.terminate();
		},
		async [Symbol.asyncDispose]() {
			for (const socket of sockets.clients) socket.close(1001, "the server stopped");
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
			await service?.[Symbol.asyncDispose]();
		},
	};
}

/** The path that a request asks for, decoded; undefined for one that is none. */
function pathOf({ url = "/" }: IncomingMessage): string | undefined {
	try {
		return decodeURIComponent(new URL(url, "http://localhost").pathname);
	} catch {
		return undefined;
	}
}

function end(response: ServerResponse, status: number, text: string): void {
	response.writeHead(status, { ...HEADERS, "Content-Type": "text/plain; charset=utf-8" });
	response.end(text);
}

/** Sends a file, or the range of it that was asked for: weights are read in parts. */
async function send(
	request: IncomingMessage,
	response: ServerResponse,
	file: string,
	size: number,
): Promise<void> {
	const type = TYPES[extname(file)] ?? "application/octet-stream";
	const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
	const first = range ? Number(range[1]) : 0;
	const last = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
	if (range && first > last) {
		response.writeHead(416, { ...HEADERS, "Content-Range": `bytes */${size}` });
		response.end();
		return;
	}
	response.writeHead(range ? 206 : 200, {
		...HEADERS,
		"Content-Type": type,
		"Content-Length": last - first + 1,
		"Accept-Ranges": "bytes",
		// the page's own files carry their hash in the name, others may be replaced by an update
		"Cache-Control": /\/assets\/[^/]+-[\w-]{8}\./.test(file) ? "max-age=31536000, immutable" : "no-cache",
		...(range && { "Content-Range": `bytes ${first}-${last}/${size}` }),
	});
	if (request.method === "HEAD" || size === 0) response.end();
	else await pipeline(createReadStream(file, { start: first, end: last }), response);
}

/** A socket as a port of messages. One that sends what is no message is closed. */
function portOf(socket: WebSocket): Parameters<typeof serve>[0] {
	return {
		post: (message) => {
			if (socket.readyState === socket.OPEN) socket.send(toBytes(message));
		},
		listen: (onMessage, onError) => {
			socket.on("close", () => onError(new Error("the page is gone")));
			socket.on("message", (data: Buffer, binary) => {
				try {
					if (!binary) throw new Error("text");
					onMessage(fromBytes(data));
				} catch {
					socket.close(1007, "expected MessagePack");
				}
			});
			socket.on("error", () => socket.terminate());
		},
	};
}
