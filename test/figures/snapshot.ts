import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "vitest";

const FOLDER = new URL("./output/", import.meta.url);

/**
 * Compares a figure with `output/NAME.EXTENSION`. A figure that differs is written beside it as
 * `NAME-changed.EXTENSION` to be looked at, and the test fails; `UPDATE_FIGURES=1` accepts it.
 */
export function expectSnapshot(name: string, content: string, extension = "svg"): void {
	const file = new URL(`${name}.${extension}`, FOLDER);
	const changed = new URL(`${name}-changed.${extension}`, FOLDER);
	rmSync(changed, { force: true });
	if (process.env.UPDATE_FIGURES === "1") {
		mkdirSync(FOLDER, { recursive: true });
		writeFileSync(file, content);
		return;
	}
	const known = existsSync(file) ? readFileSync(file, "utf8") : undefined;
	if (known === content) return;
	writeFileSync(changed, content);
	const what = known === undefined ? "has no snapshot" : `differs from ${name}.${extension}`;
	expect.fail(`figure ${what}: look at ${changed.pathname}, accept with UPDATE_FIGURES=1`);
}
