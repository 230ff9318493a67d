// Tests storage in buckets against moto, which it installs at the first run. `npm test` does the same among others.
//
//   node scripts/test-s3.mjs

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { installMoto, MOTO_SERVER } from "./install-moto.mjs";

if (!installMoto()) process.exit(1);
const { status } = spawnSync("npx", ["vitest", "run", "test/train/s3.test.ts", "test/train/queue.test.ts"], {
	cwd: fileURLToPath(new URL("..", import.meta.url)),
	stdio: "inherit",
	env: { ...process.env, HEADSCOPE_MOTO_SERVER: MOTO_SERVER },
});
process.exitCode = status ?? 1;
