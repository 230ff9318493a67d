// Installs what executes notebooks (PyPI: nbclient, with jupyter_client) into node_modules/.cache. Needs python3. The
// kernel is Deno's own, which npm brings.
//
//   node scripts/install-jupyter.mjs

import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const venv = fileURLToPath(new URL("../node_modules/.cache/jupyter", import.meta.url));

export const JUPYTER_EXECUTE = `${venv}/bin/jupyter-execute`;

/** @returns whether it is there */
export function installJupyter() {
	if (existsSync(JUPYTER_EXECUTE)) return true;
	// what an interrupted installation left
	rmSync(venv, { recursive: true, force: true });
	return (
		run("python3", ["-m", "venv", venv]) &&
		run(`${venv}/bin/pip`, ["install", "--quiet", "--disable-pip-version-check", "nbclient>=0.10"]) &&
		existsSync(JUPYTER_EXECUTE)
	);
}

function run(program, args) {
	const { status, error } = spawnSync(program, args, { stdio: "inherit" });
	if (error) console.error(`${program}: ${error.message}`);
	return status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = installJupyter() ? 0 : 1;
