import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const versionOf = (path: string): string =>
	JSON.stringify((JSON.parse(readFileSync(here(path), "utf8")) as { version: string }).version);

const define = {
	__HEADSCOPE_VERSION__: versionOf("./package.json"),
	__ORT_VERSION__: versionOf("./node_modules/onnxruntime-web/package.json"),
};

/**
 * The studio's page. Built from the sources; ONNX Runtime's WASM files and the models are no part of it: the server,
 * or a static copy, has them beside it.
 */
export default defineConfig({
	root: here("./src/studio/page/"),
	base: "./",
	define,
	resolve: {
		conditions: [
			"hs-source",
			"browser",
			// its WASM is fetched from the page's folder, not bundled
			"onnxruntime-web-use-extern-wasm",
			"module",
			"import",
			"default",
		],
	},
	oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
	worker: { format: "es" },
	build: {
		outDir: here("./dist/studio/page/"),
		emptyOutDir: true,
		target: "es2023",
		chunkSizeWarningLimit: 1000,
	},
});
