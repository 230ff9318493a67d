import { defineConfig } from "vitest/config";

export default defineConfig({
	resolve: { conditions: ["hs-source", "node"] },
	ssr: { resolve: { conditions: ["hs-source", "node"] } },
	test: {
		include: ["src/**/*.test.ts", "test/**/*.test.ts", "bench/*.test.ts", "fuzz/*.test.ts"],
		testTimeout: 60_000,
		hookTimeout: 120_000,
	},
});
