import { execFile } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { loadModel } from "headscope";
import { scoreHeads } from "headscope/scores";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requireBuilt, root } from "../built.js";

const run = promisify(execFile);
const MINUTE = 60_000;
const execute =
	process.env.HEADSCOPE_JUPYTER ?? join(root, "node_modules/.cache/jupyter/bin/jupyter-execute");
const deno = join(root, "node_modules/.bin/deno");

mkdirSync(join(root, ".cache"), { recursive: true });
const folder = mkdtempSync(join(root, ".cache/notebook-"));
// short, since names of sockets are
const runtime = mkdtempSync("/tmp/hs-nb-");

interface Output {
	readonly output_type: string;
	readonly data?: Readonly<Record<string, string | readonly string[]>>;
	readonly evalue?: string;
}
interface Cell {
	readonly cell_type: string;
	readonly source: string | readonly string[];
	readonly outputs?: readonly Output[];
}
/** The code cells, executed. */
let cells: Cell[];

beforeAll(async () => {
	requireBuilt();
	if (!existsSync(execute)) throw new Error(`${execute} is not there; run: node scripts/install-jupyter.mjs`);
	// as a user's folder: the package from npm, and a deno.json that says so
	mkdirSync(join(folder, "node_modules"));
	symlinkSync(root, join(folder, "node_modules/headscope"));
	writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies: { headscope: "*" } }));
	writeFileSync(join(folder, "deno.json"), JSON.stringify({ nodeModulesDir: "manual" }));
	copyFileSync(join(root, "examples/notebook.ipynb"), join(folder, "notebook.ipynb"));
	const kernel = join(folder, "jupyter/kernels/deno");
	mkdirSync(kernel, { recursive: true });
	writeFileSync(
		join(kernel, "kernel.json"),
		JSON.stringify({
			argv: [deno, "jupyter", "--kernel", "--conn", "{connection_file}"],
			display_name: "Deno",
			language: "typescript",
		}),
	);
	await run(execute, ["--output=executed", "--timeout=120", "notebook.ipynb"], {
		cwd: folder,
		env: {
			...process.env,
			...{ JUPYTER_PATH: join(folder, "jupyter"), JUPYTER_RUNTIME_DIR: runtime },
			...{ DENO_DIR: join(folder, "deno"), DENO_NO_UPDATE_CHECK: "1", PYDEVD_DISABLE_FILE_VALIDATION: "1" },
		},
	});
	const executed = JSON.parse(readFileSync(join(folder, "executed.ipynb"), "utf8")) as { cells: Cell[] };
	cells = executed.cells.filter(({ cell_type }) => cell_type === "code");
}, 5 * MINUTE);
afterAll(() => {
	for (const made of [folder, runtime]) rmSync(made, { recursive: true, force: true });
});

/** What a cell shows, by MIME type. */
function shown(cell: Cell | undefined): Record<string, string> {
	const [output] = cell?.outputs?.filter(({ data }) => data !== undefined) ?? [];
	return Object.fromEntries(
		Object.entries(output?.data ?? {}).map(([type, text]) => [type, [text].flat().join("")]),
	);
}

test("every cell of the example notebook runs in Jupyter with the Deno kernel", () => {
	expect(cells.length).toBeGreaterThan(5);
	expect(cells.flatMap(({ outputs = [] }) => outputs.map(({ evalue }) => evalue)).filter(Boolean)).toEqual(
		[],
	);
});

test("the ranking is shown as a table, with the library's numbers", async () => {
	await using model = await loadModel("demo");
	const { ranking } = await scoreHeads(model, "induction-repeat", { samples: 20, n: 12 });
	const { "text/html": html = "", "text/plain": text = "" } = shown(cells[1]);
	const [best] = ranking;
	expect(html).toMatch(/^<table>/);
	expect(html.match(/<tr>/g)).toHaveLength(6);
	expect(html).toContain(`<td>${best?.head}</td>`);
	const line = text.split("\n").find((one) => one.startsWith(`${best?.head} `));
	expect(Number(line?.split(/\s+/)[1])).toBeCloseTo(best?.score as number, 3);
});

test("the pattern and the grid are shown as SVG", () => {
	const pattern = shown(cells[2])["image/svg+xml"] ?? "";
	expect(pattern).toMatch(/^<svg /);
	for (const word of ["red", "fox", "moon", "bread", "king"]) expect(pattern).toContain(word);
	expect(shown(cells[3])["image/svg+xml"]).toContain("Layer 0");
});

test("ablating the previous-token head takes the answer away", () => {
	const rows = (shown(cells[4])["text/plain"] ?? "").split("\n").slice(1);
	const [before, after] = rows.map((row) => Number(row.trim().split(/\s{2,}/)[1]));
	expect(before).toBeGreaterThan(0.9);
	expect(after).toBeLessThan(0.2);
});
