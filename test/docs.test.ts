import { execFile } from "node:child_process";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireBuilt, root } from "./built.js";

const run = promisify(execFile);
const readme = readFileSync(join(root, "README.md"), "utf8");

/** Blocks of code between fences, by language. */
function blocks(language: string): string[] {
	const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms");
	return [...readme.matchAll(fence)].map(([, code]) => code ?? "");
}

// below the package, so that "headscope" is the package itself, built
mkdirSync(join(root, ".cache"), { recursive: true });
const folder = mkdtempSync(join(root, ".cache/readme-"));
beforeAll(requireBuilt);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("README.md", () => {
	test.each(blocks("js").map((code, i) => [i + 1, code] as const))("code block %d runs", async (i, code) => {
		const file = join(folder, `block-${i}.mjs`);
		writeFileSync(file, code);
		const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder });
		expect(stderr).toBe("");
		expect(stdout.trim() === "" && code.includes("console.log")).toBe(false);
	});

	const commands = blocks("sh")
		.flatMap((block) => block.split("\n"))
		.filter((line) => line.startsWith("npx headscope "));
	test.each(commands)("%s", async (line) => {
		const [, , ...args] = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ""));
		await run(process.execPath, [join(root, "dist/cli/main.js"), ...args], { cwd: folder });
		const out = args[args.indexOf("--out") + 1];
		if (args.includes("--out")) expect(existsSync(join(folder, out ?? ""))).toBe(true);
	});

	test("the ranking shown is what the command prints", async () => {
		const { stdout } = await run(process.execPath, [join(root, "dist/cli/main.js"), "induction"]);
		const words = (text: string): string => text.replace(/\s+/g, " ").trim();
		const [shown] = blocks("text");
		expect(words(stdout)).toContain(words(shown ?? "nothing shown"));
	});

	test("has code to run", () => {
		expect(blocks("js").length).toBeGreaterThanOrEqual(3);
		expect(commands.length).toBeGreaterThanOrEqual(5);
	});
});

const SKIPPED = new Set(["node_modules", "dist", ".git", ".cache", "out"]);
function markdownFiles(below: string): string[] {
	return readdirSync(below, { withFileTypes: true }).flatMap((entry) => {
		const path = join(below, entry.name);
		if (entry.isDirectory()) {
			return SKIPPED.has(entry.name) || entry.name.startsWith(".venv") ? [] : markdownFiles(path);
		}
		return entry.name.endsWith(".md") ? [path] : [];
	});
}

describe("links between files", () => {
	test.each(markdownFiles(root).map((file) => [relative(root, file), file] as const))("%s", (_, file) => {
		const text = readFileSync(file, "utf8").replace(/^```.*?^```/gms, "");
		const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "");
		const broken = targets
			.filter((target) => !/^[a-z]+:|^#/.test(target))
			.filter((target) => !existsSync(join(dirname(file), target.replace(/#.*/, ""))));
		expect(broken).toEqual([]);
	});
});
