import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { PAGE_POLICY } from "./src/studio/policy.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const versionOf = (path: string): string =>
	JSON.stringify((JSON.parse(readFileSync(here(path), "utf8")) as { version: string }).version);

const define = {
	__HEADSCOPE_VERSION__: versionOf("./package.json"),
	__ORT_VERSION__: versionOf("./node_modules/onnxruntime-web/package.json"),
};

/** Static hosts send no headers of ours: the page brings its policy along. */
const withPolicy: Plugin = {
	name: "headscope-policy",
	apply: "build",
	transformIndexHtml: () => [
		{
			tag: "meta",
			attrs: { "http-equiv": "Content-Security-Policy", content: PAGE_POLICY },
			injectTo: "head-prepend",
		},
	],
};

/**
 * The studio's page. Built from the sources; ONNX Runtime's WASM files and the models are no part of it: the server,
 * or a static copy, has them beside it.
 */
export default defineConfig({
	root: here("./src/studio/page/"),
	base: "./",
	define,
	plugins: [withPolicy],
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
	worker: {
		format: "es",
		rolldownOptions: {
			output: {
				codeSplitting: {
					groups: [
						{ name: "engine", tags: ["$initial"] },
						// what every model is made of, in one file with the demo's family
						{ name: "families", test: /\/src\/(?:nn\/|models\/(?:config-schema|gpt2)\.ts)/ },
						{ name: "scores", test: /\/src\/(?:scores\/|studio\/service\/score-rows)/ },
						{ name: "metrics", test: /\/src\/(?:metrics|experiments)\// },
					],
				},
			},
		},
	},
	build: {
		outDir: here("./dist/studio/page/"),
		emptyOutDir: false,
		// every browser that the page runs in has it
		modulePreload: { polyfill: false },
		target: "es2023",
		chunkSizeWarningLimit: 1000,
		rolldownOptions: {
			input: {
				index: here("./src/studio/page/index.html"),
				"service-worker": here("./src/studio/page/service-worker.ts"),
			},
			output: {
				codeSplitting: {
					groups: [
						{ name: "page", tags: ["$initial"], test: (id) => !id.endsWith("/service-worker.ts") },
						{ name: "panels", test: /\/src\/studio\/page\/parts\/(?:changes|outcome|scrub)\// },
					],
				},
				// a service worker's address must stay, and lie beside the page it serves
				entryFileNames: ({ name }) =>
					name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js",
			},
		},
	},
});
