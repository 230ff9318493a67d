/** A worker of a queue in a process of its own, for tests that kill and freeze it; prints what happens as JSON lines. */
const [, , built, queue, place, options] = process.argv;
const { runSweepWorker } = await import(new URL("dist/runs/queue/sweep-worker-node.js", built).href);
const { openStorage } = await import(new URL("dist/runs/open-storage-node.js", built).href);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
await runSweepWorker({
	queue,
	storage: await openStorage(place, process.env),
	signal: stop.signal,
	...JSON.parse(options),
	onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
