import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** Throws where dist is missing or older than src: a test of the built package must not pass on an old build. */
export function requireBuilt(): void {
	const built = statSync(join(root, "dist/cli/main.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
	for (const file of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })) {
		if (!file.endsWith(".ts") || file.endsWith(".test.ts")) continue;
		if (statSync(join(root, "src", file)).mtimeMs > built) {
			throw new Error(`dist is older than src/${file}; run: npm run build`);
		}
	}
}
