// Everything that must hold, on any machine that has Node and pip: gets what the tests need, builds, checks the
// source and the package, runs every test. Goes on after a failure, so that one run tells all, and ends with
// how long each step took and the totals of the tests.
//
//   npm test

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const report = `${root}.cache/test/report.json`;
/** Where the last line is kept, for whoever must print it after npm's own words. */
const totalsFile = `${root}.cache/test/totals`;
mkdirSync(`${root}.cache/test`, { recursive: true });
for (const file of [report, totalsFile]) rmSync(file, { force: true });

/** Characters of a failed step's output that are told again. */
const TAIL = 6000;
const CORES = Math.min(4, availableParallelism());

/** What the set-up adds to the environment. */
const added = `${root}.cache/test/environment.json`;
/** Where the tests of the packed package find it installed. */
const installed = mkdtempSync(join(tmpdir(), "headscope-installed-"));
process.on("exit", () => rmSync(installed, { recursive: true, force: true }));

const environment = { ...process.env };
const steps = [];
/** Cores that no step computes on, and steps that wait for one. */
let free = CORES;
const waiting = [];

// these two wait for the network most of the time
const settingUp = step("set-up", node("scripts/set-up-tests.mjs", added), {
	after: () => Object.assign(environment, JSON.parse(readFileSync(added, "utf8"))),
});
const building = check("build");
const installing = building.then(() =>
	step("install", node("scripts/install-packed.mjs", installed), {
		after: () => Object.assign(environment, { HEADSCOPE_INSTALLED: installed }),
	}),
);
const sources = ["typecheck", "lint", "check:docblocks", "check:source", "check:licences"];
const checking = sources.map(check);
await building;
await Promise.all([installing, ...checking, ...["check:api", "check:package", "check:unused"].map(check)]);
const jobs = String(CORES);
await step("fuzz", npm("run", "--silent", "fuzz", "--", "--seconds", "20", "--jobs", jobs, "--no-keep"));
await settingUp;
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
await step("tests", npm("exec", "--", "vitest", "run", ...reporters), { live: true });

const failed = steps.filter(({ error }) => error);
for (const { name, seconds, error } of steps) {
	console.log(`${name.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s  ${error ? "FAILED" : "ok"}`);
}
// again, since a long run hides it and some keep only the end of what was printed
for (const { name, tail } of failed) console.log(`\n--- ${name} ended with\n${tail}`);
const totals = `tests: ${totalsOf(report)}`;
writeFileSync(totalsFile, `${totals}\n`);
console.log(totals);
process.exitCode = failed.length > 0 ? 1 : 0;

/** A script of package.json, as soon as a core is free. */
async function check(script) {
	if (free > 0) free--;
	else await new Promise((go) => waiting.push(go));
	await step(script, npm("run", "--silent", script));
	const next = waiting.shift();
	if (next) next();
	else free++;
}

/**
 * Runs a command to its end, whatever that is. What it prints is printed then, since others run beside it; at once where
 * it is `live`.
 * @param after what follows where it ended well
 */
async function step(name, command, { live = false, after = () => {} } = {}) {
	const start = performance.now();
	const heading = `\n--- ${name}\n`;
	if (live) process.stdout.write(heading);
	let output = "";
	let error;
	const say = (text) => {
		output += text;
		if (live) process.stdout.write(text);
	};
	try {
		await run(command, say);
		after();
	} catch (thrown) {
		error = thrown;
		say(`${name}: ${thrown.message}\n`);
	}
	if (!live) process.stdout.write(heading + output);
	steps.push({ name, seconds: (performance.now() - start) / 1000, error, tail: output.slice(-TAIL) });
}

function npm(...args) {
	return ["npm", ...args];
}

function node(script, ...args) {
	return [process.execPath, root + script, ...args];
}

function run([program, ...args], say) {
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, {
			cwd: root,
			env: environment,
			stdio: ["ignore", "pipe", "pipe"],
			shell: process.platform === "win32",
		});
		for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", say);
		child.on("error", reject);
		child.on("close", (status, signal) => {
			if (status === 0) resolve();
			else reject(new Error(`${[program, ...args].slice(0, 4).join(" ")} ended with ${status ?? signal}`));
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
