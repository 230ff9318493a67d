import { defineConfig } from "tsdown";

/** Compiled with the readers inside, one file for each of theirs, so that the fuzzer counts their branches only. */
export default defineConfig({
	entry: ["run.ts", "jazzer-target.ts", "older-libc.ts"],
	outDir: "out",
	unbundle: true,
	clean: false,
	fixedExtension: false,
	dts: false,
	deps: { neverBundle: [/^headscope/] },
	inputOptions: { resolve: { conditionNames: ["hs-source", "node", "import", "default"] } },
});
