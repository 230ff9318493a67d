// Everything that must hold, on any machine that has Node and pip: gets what the tests need, builds, checks the
// source and the package, runs every test. Goes on after a failure, so that one run tells all, and ends with
// how long each step took and the totals of the tests.
//
//   npm test

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const report = `${root}.cache/test/report.json`;
/** Where the last line is kept, for whoever must print it after npm's own words. */
const totalsFile = `${root}.cache/test/totals`;
mkdirSync(`${root}.cache/test`, { recursive: true });
for (const file of [report, totalsFile]) rmSync(file, { force: true });

/** Characters of a failed step's output that are told again. */
const TAIL = 6000;

/** What the set-up adds to the environment. */
const added = `${root}.cache/test/environment.json`;

const environment = { ...process.env };
const steps = [];
// it waits for the network most of the time, and the checks need nothing of it
const settingUp = step("set-up", async () => {
	await run(process.execPath, `${root}scripts/set-up-tests.mjs`, added);
	Object.assign(environment, JSON.parse(readFileSync(added, "utf8")));
});
for (const script of [
	"build",
	"lint",
	"typecheck",
	"check:source",
	"check:docblocks",
	"check:unused",
	"check:licences",
	"check:api",
	"check:package",
	"docs",
]) {
	await step(script, () => npm("run", "--silent", script));
}
await settingUp;
// with every core, as the tests
await step("fuzz", () => npm("run", "--silent", "fuzz", "--", "--seconds", "20", "--jobs", "2", "--no-keep"));
await step("tests", () =>
	npm("exec", "--", "vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`),
);

const failed = steps.filter(({ error }) => error);
for (const { name, seconds, error } of steps) {
	console.log(`${name.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s  ${error ? "FAILED" : "ok"}`);
}
// again, since a long run hides it and some keep only the end of what was printed
for (const { name, error } of failed) console.log(`\n--- ${name} ended with\n${error.tail ?? error.message}`);
const totals = `tests: ${totalsOf(report)}`;
writeFileSync(totalsFile, `${totals}\n`);
console.log(totals);
process.exitCode = failed.length > 0 ? 1 : 0;

async function step(name, work) {
	console.log(`\n--- ${name}`);
	const start = performance.now();
	let error;
	try {
		await work();
	} catch (thrown) {
		error = thrown;
		console.error(`${name}: ${thrown.message}`);
	}
	steps.push({ name, seconds: (performance.now() - start) / 1000, error });
}

function npm(...args) {
	return run("npm", ...args);
}

function run(program, ...args) {
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, {
			cwd: root,
			env: environment,
			stdio: ["ignore", "pipe", "pipe"],
			shell: process.platform === "win32",
		});
		let tail = "";
		for (const stream of ["stdout", "stderr"]) {
			child[stream].on("data", (chunk) => {
				process[stream].write(chunk);
				tail = `${tail}${chunk}`.slice(-TAIL);
			});
		}
		child.on("error", reject);
		child.on("close", (status, signal) => {
			if (status === 0) return resolve();
			const what = `${[program, ...args].slice(0, 4).join(" ")} ended with ${status ?? signal}`;
			reject(Object.assign(new Error(what), { tail }));
		});
	});
}

/** The runner's totals. A file that fails outside its tests, before the first or after the last, is one more failure. */
function totalsOf(file) {
	let found;
	try {
		found = JSON.parse(readFileSync(file, "utf8"));
	} catch {
		return "0 passed, 1 failed, 0 skipped";
	}
	const outside = found.testResults.filter(
		({ status, assertionResults }) =>
			status === "failed" && !assertionResults.some((test) => test.status === "failed"),
	);
	const skipped = found.numPendingTests + found.numTodoTests;
	return `${found.numPassedTests} passed, ${found.numFailedTests + outside.length} failed, ${skipped} skipped`;
}
