// Installs the package from its tarball into a folder, as a user does: what the tests of the packed package look at.
//
//   npm run build && node scripts/install-packed.mjs FOLDER
//
// FOLDER then holds node_modules, and what `npm pack` says of the tarball in packed.json.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(process.argv[2]);
const windows = process.platform === "win32";
/** As a user's shell would have it: npm hands its own settings, .npmrc included, to what it runs. */
const env = Object.fromEntries(
	Object.entries(process.env).filter(([name]) => !/^(npm_|onnxruntime|node_options)/i.test(name)),
);

mkdirSync(folder, { recursive: true });
const [packed] = JSON.parse(npm(root, "pack", "--json", "--pack-destination", folder));
writeFileSync(join(folder, "packed.json"), JSON.stringify(packed));
writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
// whatever becomes of onnxruntime-node's install script, this must end well
npm(folder, "install", "--no-audit", "--no-fund", `./${packed.filename}`);
// npm drops it where that script finds no network, which it wants for CUDA: the tests are to have both runtimes anywhere
const native = join(folder, "node_modules/onnxruntime-node");
if (!existsSync(native)) npm(folder, "install", "--no-audit", "--no-fund", "--ignore-scripts");
if (!existsSync(native)) throw new Error(`${native} is missing`);

/** @returns what it printed */
function npm(cwd, ...args) {
	const stdio = ["ignore", "pipe", "inherit"];
	const { status, error, stdout } = spawnSync("npm", args, {
		cwd,
		env,
		stdio,
		maxBuffer: 2 ** 26,
		shell: windows,
	});
	if (status === 0) return stdout.toString();
	throw new Error(`npm ${args.join(" ")} ended with ${error?.message ?? status}`);
}
