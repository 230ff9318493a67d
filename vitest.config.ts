import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

/** Short files that say nothing of the process they run in. */
const SHARED = ["src/**/*.test.ts", "test/{figures,metrics,tokenizers}/**/*.test.ts"];
/** Of those, what looks at its process's memory. */
const MEMORY = "src/weights/{hostile,memory,torch-mutated}.test.ts";

export default defineConfig({
	resolve: { conditions: ["hs-source", "node"] },
	ssr: { resolve: { conditions: ["hs-source", "node"] } },
	test: {
		testTimeout: 120_000,
		hookTimeout: 120_000,
		// an engine of one thread to a core: two of two threads each would wait for each other
		env: { HEADSCOPE_THREADS: "1" },
		maxWorkers: Math.min(4, availableParallelism()),
		projects: [
			// runs first, by its name, so that the short files are left for the end
			{
				extends: true,
				test: {
					name: "alone",
					include: ["{test,bench,fuzz}/**/*.test.ts", MEMORY],
					exclude: [...configDefaults.exclude, ...SHARED.filter((pattern) => !pattern.startsWith("src"))],
				},
			},
			{
				extends: true,
				test: {
					name: "shared",
					include: SHARED,
					exclude: [...configDefaults.exclude, MEMORY],
					// to start a process and import the sources takes longer than most of these files run
					isolate: false,
				},
			},
		],
	},
});
