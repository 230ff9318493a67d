import { defineConfig } from "tsdown";

/**
 * The benches are compiled before they run, so that no TypeScript loader shares a measured process.
 * `headscope` stays an import by name: the benches measure the built package.
 */
export default defineConfig({
	entry: [
		"run.ts",
		"forward-ours.ts",
		"training-ours.ts",
		"sweeps-ours.ts",
		"studio-ours.ts",
		"soak-run.ts",
		"rivals/drawing.ts",
	],
	outDir: "out",
	// The folder also keeps the model that the sides load.
	clean: false,
	unbundle: true,
	deps: { neverBundle: [/^headscope/, /^playwright-core/] },
	fixedExtension: false,
	dts: false,
});
