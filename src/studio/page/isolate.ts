/** Where it is remembered that the page was loaded again for the service worker's sake: once is enough. */
const RELOADED = "headscope-isolated";

/** How long the page waits for its service worker before it goes on without, in ms. */
const LONGEST_WAIT = 4000;

/**
 * Makes the page isolated from other origins, which threads need, where its host does not: by the service worker, and by
 * loading the page once more.
 * @returns whether the page goes on: false when it is being loaded again; at once where nothing need be done
 */
export function isolate(base: string): true | Promise<boolean> {
	if (globalThis.crossOriginIsolated || !isSecureContext || !("serviceWorker" in navigator)) return true;
	return isolateByWorker(base);
}

async function isolateByWorker(base: string): Promise<boolean> {
	try {
		await navigator.serviceWorker.register(`${base}service-worker.js`, { scope: base });
		const late = new Promise((_, reject) => setTimeout(reject, LONGEST_WAIT));
		await Promise.race([navigator.serviceWorker.ready, late]);
	} catch {
		return true; // one thread then, which the page tells
	}
	if (sessionStorage.getItem(RELOADED)) return true;
	sessionStorage.setItem(RELOADED, "yes");
	location.reload();
	return false;
}
