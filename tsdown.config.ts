import { defineConfig } from "tsdown";

/** The library and the command line. One output file per source file, so that a stack trace reads like src. */
const library = defineConfig({
	entry: [
		"src/{icl,index,node}.ts",
		"src/{causal,circuits,display,experiments,figures,generation,graph,interventions,lens,mechinterp,metrics,models,patching,processing,sae,scores,tasks,tokenizers,train,verify,weights}/index.ts",
		"src/cli/main.ts",
		// reached through the package's "imports" or as a thread, which a bundler does not follow
		"src/**/*-{node,web}.ts",
		"src/runtime/engine-worker.ts",
	],
	unbundle: true,
	// pages import it too: what the bundler adds must not be Node's
	platform: "neutral",
	// scripts/clean.mjs does, before a build for others
	clean: false,
	// declarations take ten times as long as the code: `npm run build` makes them, `npx tsdown` does not
	dts: process.env.npm_lifecycle_event === "build",
	fixedExtension: false,
	// the forks stay imports by name: the page and Node each take their own
	// so do the studio's uses of the package by its own name
	deps: { neverBundle: [/^#/, /^headscope/] },
	// a warning of the bundler is a fault
	failOnWarn: true,
});

/** The examples, as a user would run them: `headscope` stays an import by name. */
const examples = defineConfig({
	entry: ["examples/*.ts"],
	outDir: "dist/examples",
	clean: false,
	dts: false,
	fixedExtension: false,
	deps: { neverBundle: [/^headscope/] },
	failOnWarn: true,
});

/** The custom element: one file for a script tag, with what it needs of the library inside. */
const element = defineConfig({
	entry: { index: "src/studio/element/index.ts" },
	outDir: "dist/element",
	platform: "browser",
	target: "es2022",
	dts: true,
	minify: true,
	fixedExtension: false,
	deps: { alwaysBundle: [/./] },
	inputOptions: { resolve: { conditionNames: ["hs-source", "browser", "import", "default"] } },
	failOnWarn: true,
});

export default [library, examples, element];
