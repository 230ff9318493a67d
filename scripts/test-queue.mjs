// Kills the workers of a sweep over Redis at 20 random moments, or as often as asked, and checks that every result is
// that of an undisturbed run. The default tests do the same with 3 kills.
//
//   node scripts/test-queue.mjs [--kills 20] [--seed 0]

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
	options: { kills: { type: "string", default: "20" }, seed: { type: "string", default: "0" } },
});
const { status } = spawnSync("npx", ["vitest", "run", "test/train/queue.test.ts"], {
	cwd: fileURLToPath(new URL("..", import.meta.url)),
	stdio: "inherit",
	env: { ...process.env, HEADSCOPE_KILLS: values.kills, HEADSCOPE_SEED: values.seed },
});
process.exitCode = status ?? 1;
