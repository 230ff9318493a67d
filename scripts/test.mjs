// Everything that must hold, on any machine that has Node and pip: gets what the tests need, builds, checks the
// source and the package, runs every test. Goes on after a failure, so that one run tells all, and ends with
// how long each step took and the totals of the tests.
//
//   npm test

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setUpTests } from "./set-up-tests.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const report = `${root}.cache/test/report.json`;
/** Where the last line is kept, for whoever must print it after npm's own words. */
const totalsFile = `${root}.cache/test/totals`;
mkdirSync(`${root}.cache/test`, { recursive: true });
for (const file of [report, totalsFile]) rmSync(file, { force: true });

const environment = { ...process.env };
const steps = [];
await step("set-up", async () => Object.assign(environment, await setUpTests()));
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
await step("tests", () =>
	npm("exec", "--", "vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`),
);

const failed = steps.filter(({ error }) => error);
for (const { name, seconds, error } of steps) {
	console.log(`${name.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s  ${error ? "FAILED" : "ok"}`);
}
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
	const { status } = spawnSync("npm", args, {
		cwd: root,
		env: environment,
		stdio: ["ignore", "inherit", "inherit"],
		shell: process.platform === "win32",
	});
	if (status !== 0) throw new Error(`npm ${args.slice(0, 3).join(" ")} ended with ${status}`);
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
