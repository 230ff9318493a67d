/**
 * For static hosts: adds the headers that threads of the WASM runtime need, which most hosts cannot send, and keeps what
 * was fetched, so that the page works offline. Registered only where the page is not isolated by itself.
 */
interface WorkerScope {
	skipWaiting(): Promise<void>;
	readonly clients: { claim(): Promise<void> };
	addEventListener(type: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
	addEventListener(type: "fetch", listener: (event: FetchEventLike) => void): void;
}
interface ExtendableEvent {
	waitUntil(work: Promise<unknown>): void;
}
interface FetchEventLike {
	readonly request: Request;
	respondWith(response: Promise<Response>): void;
}

const scope = globalThis as unknown as WorkerScope;
const KEPT = "headscope-page-1";

scope.addEventListener("install", (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("fetch", (event) => {
	const { request } = event;
	const own = new URL(request.url).origin === location.origin;
	if (own && request.method === "GET" && !request.headers.has("range")) event.respondWith(answer(request));
});

/** The newest answer, or the kept one where there is no network. */
async function answer(request: Request): Promise<Response> {
	const kept = await caches.open(KEPT);
	try {
		const response = await fetch(request);
		if (response.status !== 200) return response;
		await kept.put(request, isolated(response.clone()));
		return isolated(response);
	} catch (error) {
		const known = await kept.match(request, { ignoreSearch: request.mode === "navigate" });
		if (known) return known;
		throw error;
	}
}

/** The same with the headers of a page that is isolated from other origins. */
function isolated(response: Response): Response {
	const headers = new Headers(response.headers);
	headers.set("Cross-Origin-Opener-Policy", "same-origin");
	headers.set("Cross-Origin-Embedder-Policy", "require-corp");
	headers.set("Cross-Origin-Resource-Policy", "same-origin");
	return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
