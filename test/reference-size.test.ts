import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** What a clone may weigh because of what the tests compare with. */
const MOST_BYTES = 40e6;

test("goldens take less than 40 MB of the repository", () => {
	const folders = ["reference", "figures/output", "conformance"];
	const files = folders.flatMap((folder) => {
		const path = fileURLToPath(new URL(folder, import.meta.url));
		return readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
	});
	const bytes = files.map((file) => statSync(file)).reduce((sum, s) => sum + (s.isFile() ? s.size : 0), 0);
	expect(files.length).toBeGreaterThan(100);
	expect(bytes).toBeLessThan(MOST_BYTES);
});
