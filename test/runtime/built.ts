/** The engine as JavaScript files: its thread can be started from those only. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";

const root = new URL("../../", import.meta.url);

type Runtime = typeof import("../../src/runtime/index.js");

/** Builds the runtime into its own small package and imports it as Node would from the real one. */
export async function builtRuntime(name: string): Promise<Runtime> {
	const folder = await buildSources(name, ["src/runtime/{index,engine-worker}.ts"]);
	return import(/* @vite-ignore */ new URL("dist/runtime/index.js", folder).href);
}

/** Builds some of the sources, and what they import, into a small package of their own: its folder. */
export async function buildSources(name: string, entry: readonly string[]): Promise<URL> {
	// below node_modules, so that the test runner leaves the files to Node
	const folder = new URL(`node_modules/.cache/headscope-${name}/`, root);
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true });
	// the package's "imports" lead "#ort" to a file; the test runner's own condition leads to the sources
	const text = await readFile(new URL("package.json", root), "utf8");
	await writeFile(new URL("package.json", folder), text.replaceAll('"hs-source"', '"not-here"'));
	await build({
		config: false,
		cwd: fileURLToPath(root),
		entry: [...entry, "src/**/*-{node,web}.ts", "!src/**/*.test.ts"],
		outDir: fileURLToPath(new URL("dist", folder)),
		format: "esm",
		platform: "neutral",
		unbundle: true,
		dts: false,
		logLevel: "error",
		deps: { neverBundle: [/^#/, /^node:/] },
	});
	return folder;
}
