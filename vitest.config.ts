import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
	resolve: { conditions: ["hs-source", "node"] },
	ssr: { resolve: { conditions: ["hs-source", "node"] } },
	test: {
		include: ["src/**/*.test.ts", "test/**/*.test.ts", "bench/*.test.ts", "fuzz/*.test.ts"],
		testTimeout: 120_000,
		hookTimeout: 120_000,
		// an engine of one thread to a core: two of two threads each would wait for each other
		env: { HEADSCOPE_THREADS: "1" },
		maxWorkers: Math.min(4, availableParallelism()),
	},
});
