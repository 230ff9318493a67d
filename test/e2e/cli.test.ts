import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { requireBuilt, root } from "../built.js";
import { Folder } from "../cli/run-cli.js";

const MAIN = join(root, "dist/cli/main.js");
const WORDS = "red fox moon bread king red fox moon bread";

const started = new Set<ChildProcess>();
afterEach(() => {
	for (const child of started) child.kill("SIGKILL");
	started.clear();
});

interface Ended {
	code: number | null;
	signal: NodeJS.Signals | null;
	stdout: string;
	stderr: string;
}

function start(
	argv: readonly string[],
	env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; end: Promise<Ended> } {
	const child = spawn(process.execPath, [MAIN, ...argv], { env: { ...process.env, ...env } });
	started.add(child);
	let [stdout, stderr] = ["", ""];
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		stdout += text;
	});
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		stderr += text;
	});
	const end = once(child, "close").then(([code, signal]) => {
		started.delete(child);
		return { code, signal, stdout, stderr } as Ended;
	});
	return { child, end };
}

/** Sends Ctrl-C; a shell reports 130 for a process that the signal ended as well. */
async function interrupt({ child, end }: ReturnType<typeof start>): Promise<Ended> {
	const before = performance.now();
	child.kill("SIGINT");
	const ended = await end;
	expect(performance.now() - before).toBeLessThan(5000);
	expect([ended.code, ended.signal]).toEqual(ended.code === null ? [null, "SIGINT"] : [130, null]);
	expect(ended.stdout).toBe("");
	expect(ended.stderr).toBe("");
	return ended;
}

/** Rows as long as the demo's context. */
function rowsOfIds(count: number): number[][] {
	return Array.from({ length: count }, (_, b) => Array.from({ length: 32 }, (_, p) => (b + p) % 128));
}

beforeAll(requireBuilt);

describe("the headscope process", () => {
	test("runs the embedded model in a thread of its own", async () => {
		const { end } = start(["attention", "--text", WORDS, "--heads", "0.1"]);
		expect(await end).toMatchObject({ code: 0, signal: null, stderr: "" });
		expect((await end).stdout).toContain("4 king   ······██··          3 bread 1.00");
	});

	test("a prompt as long as an argument may be is no harder than a short one", async () => {
		const { end } = start(["attention", "--text", WORDS + " ".repeat(120_000), "--heads", "0.1"]);
		expect(await end).toMatchObject({ code: 0, signal: null, stderr: "" });
	});

	test.each([1500, 2100, 2700])("Ctrl-C after %i ms of computing ends it cleanly", async (wait) => {
		const run = start(["scores", "--score", "induction-repeat", "--samples", "200000", "--quiet"]);
		await new Promise((resolve) => setTimeout(resolve, wait));
		await interrupt(run);
	});

	test("a document that no pipe takes at once arrives whole", async () => {
		using folder = new Folder();
		const ids = rowsOfIds(1000);
		writeFileSync(folder.at("ids.json"), JSON.stringify(ids));
		const files = ["--ids", folder.at("ids.json"), "--out", folder.at("c.safetensors")];
		const { code, stdout } = await start(["cache", ...files, "--names", "hook_embed", "--json"]).end;
		expect(code).toBe(0);
		expect(stdout.length).toBeGreaterThan(70_000);
		expect((JSON.parse(stdout) as { ids: number[][] }).ids).toEqual(ids);
	});

	test("usage, failure and success have their exit codes", async () => {
		const codes = [["info", "--jsn"], ["info", "./no/model"], ["info"]].map((argv) => start(argv).end);
		expect((await Promise.all(codes)).map(({ code }) => code)).toEqual([2, 1, 0]);
	});

	test("a reader that leaves early is no error", async () => {
		const { child, end } = start(["attention", "--text", WORDS, "--json"]);
		child.stdout?.destroy();
		expect(await end).toMatchObject({ code: 0, stderr: "" });
	});

	test("Ctrl-C ends a download that hangs", async () => {
		using folder = new Folder();
		const server = createServer(() => {}).listen(0, "127.0.0.1");
		try {
			await once(server, "listening");
			const { port } = server.address() as AddressInfo;
			const env = { HF_ENDPOINT: `http://127.0.0.1:${port}`, HF_HOME: folder.path };
			const running = start(["info", "owner/name"], env);
			await once(server, "request");
			await interrupt(running);
			const files = readdirSync(folder.path, { recursive: true, withFileTypes: true });
			expect(files.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual([]);
		} finally {
			server.closeAllConnections();
			server.close();
		}
	});

	test("Ctrl-C while a file is written leaves no part of it", async () => {
		using folder = new Folder();
		writeFileSync(folder.at("ids.json"), JSON.stringify(rowsOfIds(800)));
		const out = folder.at("out", "cache.safetensors");
		const running = start(["cache", "--ids", folder.at("ids.json"), "--out", out]);
		// by polling: a watcher may tell of the file when it is complete
		const incomplete = (): boolean =>
			existsSync(folder.at("out")) &&
			readdirSync(folder.at("out")).some((name) => name.startsWith(".cache.safetensors."));
		while (!incomplete()) await new Promise((resolve) => setTimeout(resolve, 2));
		await interrupt(running);
		expect(readdirSync(folder.at("out"))).toEqual([]);
	});

	test("the file that the package names as its command can be run", () => {
		expect(readFileSync(MAIN, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
	});
});
