import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { HEADER_POLICY } from "../policy.js";

/** Headers of every answer. */
export const HEADERS: Readonly<Record<string, string>> = {
	"Content-Security-Policy": HEADER_POLICY,
	// threads of the WASM runtime need a page that is isolated from other origins
	"Cross-Origin-Opener-Policy": "same-origin",
	"Cross-Origin-Embedder-Policy": "require-corp",
	"Cross-Origin-Resource-Policy": "same-origin",
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy": "no-referrer",
};

/** Why a request is refused, or undefined. Another host's name would be a page elsewhere whose DNS points here. */
export function refusal({ headers }: IncomingMessage, port: number): string | undefined {
	const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
	if (!hosts.includes(headers.host ?? "")) return `host "${headers.host ?? ""}", allowed ${hosts.join(", ")}`;
	const { origin } = headers;
	const origins = hosts.map((host) => `http://${host}`);
	if (origin !== undefined && !origins.includes(origin))
		return `origin "${origin}", allowed ${origins.join(", ")}`;
	return undefined;
}

/** Whether a request for the socket carries the token; a browser always sends an origin with it. */
export function isAdmitted({ url = "", headers }: IncomingMessage, token: string): boolean {
	const given = Buffer.from(new URL(url, "http://localhost").searchParams.get("token") ?? "");
	const own = Buffer.from(token);
	return headers.origin !== undefined && given.length === own.length && timingSafeEqual(given, own);
}
