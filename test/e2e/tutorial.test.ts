import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../built.js";
import { Installed } from "./installed.js";

const MINUTE = 60_000;

let user: Installed;
beforeAll(async () => {
	user = await Installed.create();
}, 10 * MINUTE);
afterAll(() => user?.remove());

test(
	"the tutorial, followed word for word where the packed package is installed, shows what it says",
	async () => {
		const script = join(root, "scripts/run-doc.mjs");
		const page = join(root, "docs/tutorial.md");
		const { stdout } = await promisify(execFile)(process.execPath, [script, "--in", user.folder, page]);
		// its lines go through npx there; only `npm install headscope` itself is done by the test
		expect(stdout).toMatch(/: \d+ blocks run, \d+ compared, 1 left out\n$/);
		for (const file of ["head-1.3.svg", "heads.html", "ablated.svg", "story.svg"])
			expect(existsSync(user.at(file)), file).toBe(true);
	},
	10 * MINUTE,
);
