import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** A hub that serves one model "owner/tiny", and whatever goes wrong with it. */
export interface HubServer {
	readonly url: string;
	/** "METHOD /path" of every request so far. */
	readonly requests: string[];
	/** The Authorization header of the last request. */
	authorization: string | undefined;
	/** Answers every request with this status. */
	status: number | undefined;
	/** Breaks the connection after so many bytes of each download of `path`. */
	cut: { path: string; after: number } | undefined;
	/** Sends these bytes instead of the file's. */
	replace: { path: string; content: Uint8Array } | undefined;
	/** What the hub says is the model's commit. */
	commit: string;
	close(): Promise<void>;
}

/**
 * Speaks what a download needs of the hub's protocol: the model's commit, paths-info, and resolve
 * with ranges. Files that end in .safetensors are large files, known by SHA-256; others by git's hash.
 */
export async function startHub(files: ReadonlyMap<string, Uint8Array>): Promise<HubServer> {
	const hub: HubServer = {
		url: "",
		requests: [],
		authorization: undefined,
		status: undefined,
		cut: undefined,
		replace: undefined,
		commit: COMMIT,
		close: () =>
			new Promise((done) => {
				server.closeAllConnections();
				server.close(() => done());
			}),
	};
	const server = createServer((request, response) => {
		hub.requests.push(`${request.method} ${request.url?.split("?")[0]}`);
		hub.authorization = request.headers.authorization;
		if (hub.status) return void response.writeHead(hub.status).end();
		const [, kind, ...rest] = decodeURI(request.url?.split("?")[0] ?? "").split("/");
		const route = kind === "api" ? rest.slice(3).join("/") : [...rest.slice(1)].join("/");
		if (!request.url?.includes("owner/tiny")) return void response.writeHead(404).end();
		if (route.startsWith("revision/")) return revision(route.slice(9), response);
		if (route.startsWith("paths-info/")) return void pathsInfo(request, response);
		return download(route.split("/").slice(2).join("/"), request, response);
	});

	const json = (response: ServerResponse, value: unknown): void => {
		response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
	};
	const revision = (name: string, response: ServerResponse): void => {
		if (name !== "main" && name !== hub.commit) return void response.writeHead(404).end();
		json(response, { _id: "1", id: "owner/tiny", sha: hub.commit, lastModified: "2026-01-01" });
	};
	const pathsInfo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
		let body = "";
		for await (const chunk of request) body += String(chunk);
		const { paths } = JSON.parse(body) as { paths: string[] };
		json(
			response,
			paths.flatMap((path) => describe(path, files.get(path))),
		);
	};
	const download = (path: string, request: IncomingMessage, response: ServerResponse): void => {
		const content = hub.replace?.path === path ? hub.replace.content : files.get(path);
		if (!content) return void response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
		const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
		const range = from === undefined ? undefined : { from: Number(from), to: Number(to) };
		const part = range ? content.subarray(range.from, range.to + 1) : content;
		response.writeHead(range ? 206 : 200, {
			etag: '"x"',
			"content-length": part.length,
			...(range && { "content-range": `bytes ${range.from}-${range.to}/${content.length}` }),
		});
		if (!range && hub.cut?.path === path) {
			response.write(part.subarray(0, hub.cut.after), () => setTimeout(() => response.destroy(), 20));
			return;
		}
		response.end(part);
	};

	await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
	return Object.assign(hub, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function describe(path: string, content: Uint8Array | undefined): object[] {
	if (!content) return [];
	const git = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
	const oid = createHash("sha256").update(content).digest("hex");
	const lfs = path.endsWith(".safetensors") ? { lfs: { oid, size: content.length, pointerSize: 130 } } : {};
	return [{ type: "file", path, oid: git, size: content.length, ...lfs }];
}
