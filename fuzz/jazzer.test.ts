import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { beforeAll, expect, test, vi } from "vitest";
import { emptyFolder, workFolder, writeInputs } from "./corpus.js";
import { type Fuzzed, fuzz } from "./jazzer.js";
import { PLANTED } from "./planted.js";

// each of them starts a process
vi.setConfig({ testTimeout: 300_000 });

/** Apart from what `npm run fuzz` compiles and may be running. */
const COMPILED = ".cache/fuzz/compiled";

beforeAll(() => {
	// the folder is seen from the configuration
	const args = ["--config", "fuzz/tsdown.config.ts", "--out-dir", `../${COMPILED}`, "--logLevel", "error"];
	const { status, stderr } = spawnSync(process.execPath, ["node_modules/tsdown/dist/run.mjs", ...args]);
	expect(status, String(stderr)).toBe(0);
});

/** How the fuzzer ends that reads an input with a fault, and the kinds of findings that it left. */
async function read(target: string): Promise<Fuzzed & { found: string[] }> {
	const [seeds, findings] = [workFolder(target, "seeds"), workFolder(target, "findings")];
	writeInputs(seeds, (await PLANTED[target]?.())?.seeds() ?? []);
	emptyFolder(findings);
	const asked = { target, seconds: 0, folders: [seeds], findings, compiled: COMPILED, memory: 512 };
	const hang = target === "loop" ? 3 : 60;
	return {
		...(await fuzz({ ...asked, hang })),
		found: readdirSync(findings).map((name) => name.replace(/-.*/, "")),
	};
}

test("a reader without a fault ends well", async () => {
	const { status, executions, found, tail } = await read("healthy");
	expect(status, tail).toBe(0);
	expect(executions).toBeGreaterThan(0);
	expect(found).toEqual([]);
});

test.each([
	["loop", "timeout"],
	["memory", "oom"],
	["later", "crash"],
	["pollution", "crash"],
])("a fault of kind %s is a finding, and its input is kept", async (name, kind) => {
	const { status, found, tail } = await read(name);
	expect(status, tail).not.toBe(0);
	expect(found, tail).toEqual([kind]);
});

test.each([
	["heap", /heap out of memory|out-of-memory/],
	["forgotten", /nobody waits for this/],
])("a fault of kind %s ends the process", async (name, message) => {
	const { status, tail } = await read(name);
	expect(status, tail).not.toBe(0);
	expect(tail).toMatch(message);
});
