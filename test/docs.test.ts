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
import { INTERVENTIONS } from "../src/interventions/registry.js";
import { SCORES } from "../src/scores/registry.js";
import { requireBuilt, root } from "./built.js";

const run = promisify(execFile);
const MINUTES = 60_000;

/** Markdown files below a folder, as paths from the root. */
function markdownFiles(below: string): string[] {
	const skipped = new Set(["node_modules", "dist", "dist-docs", ".git", ".cache", "out"]);
	return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
		const path = join(below, entry.name);
		if (entry.isDirectory())
			return skipped.has(entry.name) || entry.name.startsWith(".venv") ? [] : markdownFiles(path);
		return entry.name.endsWith(".md") ? [path] : [];
	});
}

const read = (page: string): string => readFileSync(join(root, page), "utf8");
const runDoc = (...args: string[]): Promise<{ stdout: string }> =>
	run(process.execPath, [join(root, "scripts/run-doc.mjs"), ...args], { cwd: root });

const pages = ["README.md", ...markdownFiles("docs")];
mkdirSync(join(root, ".cache"), { recursive: true });
const folder = mkdtempSync(join(root, ".cache/docs-test-"));
beforeAll(requireBuilt);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// each page in a folder of its own, its blocks one after the other
describe.concurrent("every code block runs and prints what is shown", () => {
	test.each(pages)(
		"%s",
		async (page) => {
			const { stdout } = await runDoc("--figures", page);
			expect(stdout).toMatch(/: \d+ blocks run, \d+ compared, \d+ left out\n$/);
		},
		10 * MINUTES,
	);
});

test(
	"the site is built of the pages and their figures, and no link leads nowhere",
	async () => {
		const script = join(root, "scripts/build-docs.mjs");
		const { stdout } = await run(process.execPath, [script, "--no-figures"], { cwd: root });
		expect(stdout).toMatch(/^dist-docs: headscope \S+, \d+ pages, \d+ links followed, 0 broken$/m);
	},
	20 * MINUTES,
);

describe("what is not run", () => {
	test("is little, and says why", () => {
		const reasons = pages.flatMap((page) =>
			[...read(page).matchAll(/^<!-- not run.*$/gm)].map(([line]) => line),
		);
		for (const line of reasons) expect(line).toMatch(/^<!-- not run( \(\w+\))?: \S+ \S+ .*-->$/);
		expect(reasons.length).toBeLessThanOrEqual(24);
	});
});

describe("a page that is not true is refused", () => {
	const fence = "```";
	const shown = (code: string, text: string): string =>
		`${fence}js\n${code}\n${fence}\n\n${fence}text\n${text}\n${fence}\n`;
	test.each([
		["another word", shown('console.log("fox")', "moon"), "shown"],
		["a number that is off by more than its last digit", shown("console.log(0.502)", "0.500"), "shown"],
		["text that is missing", shown('console.log("fox"); console.log("moon")', "fox"), "shown"],
		["a block that throws", shown('throw new Error("no such head")', ""), "no such head"],
		[
			"a command that fails",
			`${fence}sh\nnpx headscope induction no-such-folder\n${fence}\n`,
			"no-such-folder",
		],
		["a command of another program", `${fence}sh\nrm -r folder\n${fence}\n`, "is not run"],
		["a language that is not run", `${fence}python\nprint(1)\n${fence}\n`, "neither run nor compared"],
		["text that belongs to no block", `${fence}text\nfox\n${fence}\n`, "neither run nor compared"],
		["a figure that no block makes", "![a figure](figure.svg)\n", "no block makes"],
	])("%s", async (name, text, expected) => {
		const page = join(folder, `${name.replaceAll(" ", "-")}.md`);
		writeFileSync(page, text);
		await expect(runDoc(page)).rejects.toThrow(expected);
	});

	test("what differs only in white space, in the last digit, or where `...` stands is the same", async () => {
		const page = join(folder, "same.md");
		writeFileSync(page, shown('console.log("took 12 ms\\nscore   0.501,\\nend")', "...\nscore 0.500,\nend"));
		expect((await runDoc(page)).stdout).toContain("1 blocks run, 1 compared");
	});
});

describe("pages of the registries", () => {
	const records = [
		...SCORES.map(({ name, doc }) => ["scores", name, doc] as const),
		...INTERVENTIONS.map(({ kind, doc }) => ["interventions", kind, doc] as const),
	];
	test.each(records)("%s: %s has its formula, source, code and figure", (kind, name, doc) => {
		const text = read(`docs/${kind}/${name}.md`);
		expect(text.startsWith(`# ${name}\n`)).toBe(true);
		expect(text.replace(/\s+/g, " ").toLowerCase()).toContain(doc.toLowerCase());
		expect(text).toMatch(/^ {4}\S.*=/m);
		expect(text).toContain("Source: ");
		expect(text).toContain("```js\n");
		expect(text).toContain(`](${name}.svg)`);
	});

	test("the pages about all of them list every one", () => {
		const lists = { scores: read("docs/find-heads.md"), interventions: read("docs/interventions.md") };
		const missing = records.filter(([kind, name]) => !lists[kind].includes(`](${kind}/${name}.md)`));
		expect(missing.map(([, name]) => name)).toEqual([]);
	});

	test("there is no page of something that is gone", () => {
		const names = records.map(([kind, name]) => `docs/${kind}/${name}.md`);
		const found = ["docs/scores", "docs/interventions"].flatMap((below) => markdownFiles(below));
		expect(found.toSorted()).toEqual(names.toSorted());
	});

	test("the index names every page", () => {
		const index = read("docs/index.md");
		const missing = markdownFiles("docs")
			.map((page) => relative("docs", page))
			.filter((page) => page !== "index.md" && !index.includes(`](${page}`));
		expect(missing).toEqual([]);
	});
});

/** The anchors that headings have, as GitHub and the site make them. */
function anchorsOf(text: string): Set<string> {
	const anchors = new Set<string>();
	for (const [, heading = ""] of text.replace(/^```.*?^```/gms, "").matchAll(/^#+ (.+)$/gm)) {
		const slug = heading
			.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
			.toLowerCase()
			.replace(/[^\p{L}\p{N} _-]/gu, "")
			.replaceAll(" ", "-");
		let unique = slug;
		for (let i = 1; anchors.has(unique); i++) unique = `${slug}-${i}`;
		anchors.add(unique);
	}
	return anchors;
}

describe("links between files", () => {
	test.each(markdownFiles("."))("%s", (file) => {
		const text = read(file).replace(/^```.*?^```/gms, "");
		// figures are made by the page's blocks, which are run above
		const targets = [...text.matchAll(/(?<!!\[[^\]]*)\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "");
		const broken = targets.filter((target) => {
			if (/^[a-z]+:/.test(target)) return false;
			const [path = "", anchor] = target.split("#");
			const to = path === "" ? file : join(dirname(file), path);
			if (!existsSync(join(root, to))) return true;
			return anchor !== undefined && to.endsWith(".md") && !anchorsOf(read(to)).has(anchor);
		});
		expect(broken).toEqual([]);
	});
});

describe("the check of the built site", () => {
	test("names links and anchors that lead nowhere, and no others", async () => {
		const site = join(folder, "site");
		mkdirSync(site);
		const links = [
			"b.html",
			"b.html#there",
			"#here",
			"https://example.org",
			"gone.html",
			"b.html#gone",
			"gone.svg",
		];
		const page = links.map((link) =>
			link.endsWith("svg") ? `<img src="${link}">` : `<a href="${link}">x</a>`,
		);
		writeFileSync(join(site, "a.html"), `<h1 id="here">a</h1>${page.join("\n")}`);
		writeFileSync(join(site, "b.html"), '<h1 id="there">b</h1>');
		const checked = run(process.execPath, [join(root, "scripts/check-site.mjs"), site]);
		const { stderr, stdout } = (await checked.catch((error: unknown) => error)) as {
			stderr: string;
			stdout: string;
		};
		expect(stderr.trim().split("\n")).toEqual([
			"a.html: gone.html: no such file",
			"a.html: b.html#gone: no such anchor",
			"a.html: gone.svg: no such file",
		]);
		expect(stdout).toBe("site: 2 pages, 6 links followed, 3 broken\n");
	});
});
