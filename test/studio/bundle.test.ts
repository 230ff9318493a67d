import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { requireBuilt, root } from "../built.js";

const folder = join(root, "dist/studio/page");
const assets = join(folder, "assets");
/** What a visitor loads before the first view, without ONNX Runtime and the model; docs/performance.md says what it is made of. */
const BUDGET = 150_000;

beforeAll(requireBuilt);

/** A file and what it imports before it runs. */
function withImports(name: string, found = new Set<string>()): Set<string> {
	if (found.has(name)) return found;
	found.add(name);
	const text = readFileSync(join(assets, name), "utf8");
	for (const [, imported = ""] of text.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g))
		withImports(imported, found);
	return found;
}

test("what is loaded first stays small", () => {
	const html = readFileSync(join(folder, "index.html"), "utf8");
	const named = [...html.matchAll(/assets\/([\w.-]+\.(?:js|css))/g)].map(([, name = ""]) => name);
	const worker = readdirSync(assets).filter((name) => /^page-worker-.*\.js$/.test(name));
	expect(worker).toHaveLength(1);
	const files = new Set([...named.filter((name) => name.endsWith(".css")), "index.html"]);
	for (const script of [...named.filter((name) => name.endsWith(".js")), ...worker]) {
		for (const file of withImports(script)) files.add(file);
	}
	const sizes = Object.fromEntries(
		[...files].map((name) => [
			name,
			gzipSync(readFileSync(join(name === "index.html" ? folder : assets, name))).length,
		]),
	);
	const total = Object.values(sizes).reduce((a, b) => a + b, 0);
	expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(BUDGET);
	expect(Object.keys(sizes).length).toBeGreaterThanOrEqual(4);
});

test("nothing comes from elsewhere, and ONNX Runtime's WASM is not in the build", () => {
	const html = readFileSync(join(folder, "index.html"), "utf8");
	expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
	expect(readdirSync(assets).filter((name) => name.endsWith(".wasm"))).toEqual([]);
});
