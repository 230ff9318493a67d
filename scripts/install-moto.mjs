// Installs moto, a server of S3's protocol (PyPI: moto[server]), into node_modules/.cache. Needs python3.

import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const venv = fileURLToPath(new URL("../node_modules/.cache/moto", import.meta.url));

export const MOTO_SERVER = `${venv}/bin/moto_server`;

/** @returns whether it is there */
export function installMoto() {
	if (existsSync(MOTO_SERVER)) return true;
	// what an interrupted installation left
	rmSync(venv, { recursive: true, force: true });
	return (
		run("python3", ["-m", "venv", venv]) &&
		run(`${venv}/bin/pip`, ["install", "--quiet", "--disable-pip-version-check", "moto[server]>=5.0.16"]) &&
		existsSync(MOTO_SERVER)
	);
}

function run(program, args) {
	const { status, error } = spawnSync(program, args, { stdio: "inherit" });
	if (error) console.error(`${program}: ${error.message}`);
	return status === 0;
}
