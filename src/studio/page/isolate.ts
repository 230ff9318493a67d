/** Where it is remembered that the page was loaded again for the service worker's sake: once is enough. */
const RELOADED = "headscope-isolated";

/**
 * Makes the page isolated from other origins, which threads need, where its host does not: by the service worker, and by
 * loading the page once more.
 * @returns whether the page goes on: false when it is being loaded again
 */
export async function isolate(base: string): Promise<boolean> {
	if (globalThis.crossOriginIsolated || !isSecureContext || !("serviceWorker" in navigator)) return true;
	try {
		await navigator.serviceWorker.register(`${base}service-worker.js`, { scope: base });
		await navigator.serviceWorker.ready;
	} catch {
		return true; // one thread then, which the page tells
	}
	if (sessionStorage.getItem(RELOADED)) return true;
	sessionStorage.setItem(RELOADED, "yes");
	location.reload();
	return false;
}
