// Checks what package-lock.json says will be installed: every package has a licence that is allowed and a checksum
// that is strong, comes from the registry, and the lockfile is the one of this package.json.
//
//   node scripts/check-licences.mjs

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

/** SPDX names. Users may do with them what the MIT licence of this package lets them do. */
const ALLOWED = new Set([
	...[
		"0BSD",
		"Apache-2.0",
		"BlueOak-1.0.0",
		"BSD-2-Clause",
		"BSD-3-Clause",
		"CC0-1.0",
		"ISC",
		"MIT",
		"Python-2.0",
	],
	// binds changes to its own files only
	"MPL-2.0",
]);
/** Packages that name no SPDX licence, by what they name, with what it is. */
const READ_BY_HAND = {
	// the fonts of Bitstream Vera: use, change and distribution are free, under another name where changed
	"dejavu-fonts-ttf": "SEE LICENSE IN README.md AND LICENSE",
	// data about browsers, named by its authors; a tool of the tests brings it
	"caniuse-lite": "CC-BY-4.0",
};
const REGISTRY = "https://registry.npmjs.org/";
/** Fields of package.json that its lockfile repeats. */
const REPEATED = [
	...["name", "version", "license", "engines", "dependencies", "devDependencies", "optionalDependencies"],
	...["peerDependencies", "peerDependenciesMeta"],
];

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"));
const own = read("package.json");
const lock = read("package-lock.json");
const faults = [];

for (const field of REPEATED) {
	const [here, there] = [own[field], lock.packages[""]?.[field]];
	if (!isDeepStrictEqual(here, there))
		faults.push(
			`package-lock.json: ${field} differs from package.json's; npm install --package-lock-only mends it`,
		);
}
faults.push(...problemsOf());

const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
const licences = new Map();
for (const [path, { license, integrity, resolved, link }] of packages) {
	const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
	licences.set(license, (licences.get(license) ?? 0) + 1);
	if (READ_BY_HAND[name] !== license && !isAllowed(license))
		faults.push(`${path}: licence ${JSON.stringify(license)}, allowed ${[...ALLOWED].join(", ")}`);
	if (link) faults.push(`${path}: is a link to a folder of this machine`);
	else if (!/^sha512-[\w+/]{86}==$/.test(integrity ?? ""))
		faults.push(`${path}: integrity ${JSON.stringify(integrity)}, allowed a sha512`);
	if (resolved !== undefined && !resolved.startsWith(REGISTRY))
		faults.push(`${path}: comes from ${resolved}, allowed ${REGISTRY}`);
}

for (const fault of faults) console.error(fault);
const kinds = [...licences].sort(([, a], [, b]) => b - a).map(([name, count]) => `${count} ${name}`);
console.log(`packages: ${packages.length} (${kinds.join(", ")}), ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

/** An SPDX expression of names, AND, OR and brackets around the whole. */
function isAllowed(expression = "") {
	const plain = expression.replace(/^\((.*)\)$/, "$1");
	return plain.split(" OR ").some((choice) => choice.split(" AND ").every((name) => ALLOWED.has(name)));
}

/** What npm finds missing from the lockfile, or in it of a version that was not asked for. */
function problemsOf() {
	try {
		execFileSync("npm", ["ls", "--package-lock-only", "--all", "--json"], {
			cwd: new URL("..", import.meta.url),
			encoding: "utf8",
			maxBuffer: 2 ** 28,
			stdio: ["ignore", "pipe", "ignore"],
			shell: process.platform === "win32",
		});
		return [];
	} catch (error) {
		return JSON.parse(error.stdout).problems.map((problem) => `package-lock.json: ${problem}`);
	}
}
