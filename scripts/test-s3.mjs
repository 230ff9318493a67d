// Tests storage in buckets against moto, a server of S3's protocol (PyPI: moto[server]), which it installs into
// node_modules/.cache at the first run. Needs python3.
//
//   node scripts/test-s3.mjs

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const venv = `${root}node_modules/.cache/moto`;
const server = `${venv}/bin/moto_server`;

if (!existsSync(server)) {
	run("python3", ["-m", "venv", venv]);
	run(`${venv}/bin/pip`, ["install", "--quiet", "moto[server]>=5.0.16"]);
}
run("npx", ["vitest", "run", "test/train/s3.test.ts"], { HEADSCOPE_MOTO_SERVER: server });

function run(program, args, env = {}) {
	const { status, error } = spawnSync(program, args, {
		cwd: root,
		stdio: "inherit",
		env: { ...process.env, ...env },
	});
	if (error) console.error(`${program}: ${error.message}`);
	if (status !== 0) process.exit(status ?? 1);
}
