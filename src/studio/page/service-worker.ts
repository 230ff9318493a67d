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
declare const __HEADSCOPE_VERSION__: string;
interface ExtendableEvent {
	waitUntil(work: Promise<unknown>): void;
}
interface FetchEventLike {
	readonly request: Request;
	respondWith(response: Promise<Response>): void;
}

const scope = globalThis as unknown as WorkerScope;
/** Another version has other files. */
const KEPT = `headscope-page-${__HEADSCOPE_VERSION__}`;

scope.addEventListener("install", (event) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener("activate", (event) => event.waitUntil(takeOver()));
scope.addEventListener("fetch", (event) => {
	const { request } = event;
	if (new URL(request.url).origin !== location.origin) return;
	if (request.method === "HEAD") event.respondWith(head(request));
	else if (request.method === "GET") {
		const range = request.headers.get("range");
		event.respondWith(range === null ? answer(request) : part(request.url, range));
	}
});

async function takeOver(): Promise<void> {
	const names = (await caches.keys()).filter((name) => name.startsWith("headscope-page-") && name !== KEPT);
	await Promise.all(names.map((name) => caches.delete(name)));
	await scope.clients.claim();
}

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

/** Whether there is such a file: without a network, whether it is kept. */
async function head(request: Request): Promise<Response> {
	try {
		return isolated(await fetch(request));
	} catch {
		const known = await (await caches.open(KEPT)).match(request.url);
		return new Response(null, { status: known ? 200 : 404 });
	}
}

/** A part of a file, which is fetched whole the first time: hosts may know no ranges, and it is needed whole anyway. */
async function part(url: string, range: string): Promise<Response> {
	const kept = await caches.open(KEPT);
	const known = (await kept.match(url)) ?? (await answer(new Request(url)));
	if (!known.ok) return known;
	const whole = await known.blob();
	const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
	const first = Number(from);
	const last = to === "" ? whole.size - 1 : Math.min(Number(to), whole.size - 1);
	return isolated(
		new Response(whole.slice(first, last + 1), {
			status: 206,
			headers: {
				"Content-Range": `bytes ${first}-${last}/${whole.size}`,
				"Content-Type": "application/octet-stream",
			},
		}),
	);
}

/** The same with the headers of a page that is isolated from other origins. */
function isolated(response: Response): Response {
	const headers = new Headers(response.headers);
	headers.set("Cross-Origin-Opener-Policy", "same-origin");
	headers.set("Cross-Origin-Embedder-Policy", "require-corp");
	headers.set("Cross-Origin-Resource-Policy", "same-origin");
	return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
