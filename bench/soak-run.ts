/**
 * Whether memory stays flat over many runs, and results the same.
 *
 *   npm run soak -- [--runs 10000] [--seed 1]
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { loadModel } from "headscope";
import { slopeOf, soak } from "./soak.js";

/** Runs that fill caches and the allocator's pools before the slope is taken, as a share of all. */
const WARM_UP = 0.2;
/** Largest slope of the resident set, in bytes per 1,000 runs. */
const MOST = 2 ** 20;

// glibc keeps what a thread freed for threads like it, in up to eight places for each core: with many threads that begin and
// end, that grows for long and says nothing of what is kept. One place for all shows what is not freed.
if (process.platform === "linux" && process.env.MALLOC_ARENA_MAX === undefined) {
	const { status } = spawnSync(process.execPath, process.argv.slice(1), {
		env: { ...process.env, MALLOC_ARENA_MAX: "1" },
		stdio: "inherit",
	});
	process.exit(status ?? 1);
}

const { values } = parseArgs({
	options: { runs: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const runs = Number(values.runs);
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const start = performance.now();
const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

const { samples, counts, equal } = await soak(loadModel, collect, {
	runs,
	seed: Number(values.seed),
	threads: ["worker", "same"],
	onSample: ({ runs, rss, heap }) => {
		if (runs % 500 === 0) console.log(`${runs} runs: rss ${megabytes(rss)} MB, heap ${megabytes(heap)} MB`);
	},
});
const skip = WARM_UP * runs;
const [rss, heap] = [slopeOf(samples, "rss", skip), slopeOf(samples, "heap", skip)];
console.log(
	Object.entries(counts)
		.map(([name, count]) => `${count} ${name}`)
		.join(", "),
);
console.log(
	`${runs} runs in ${((performance.now() - start) / 1000).toFixed(0)} s; after the first ${skip}: rss ${megabytes(rss)} MB per 1,000 runs (allowed ${megabytes(MOST)}), heap ${megabytes(heap)}; results ${equal ? "equal" : "DIFFERENT"}`,
);
process.exitCode = rss < MOST && equal ? 0 : 1;
