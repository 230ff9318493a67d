// Compares the public names and types of every entry, as the build declares them, with the reports in api/: a change
// that users see is made on purpose.
//
//   node scripts/check-api.mjs            fails where something differs
//   node scripts/check-api.mjs --write    rewrites the reports

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const root = fileURLToPath(new URL("..", import.meta.url));
const write = process.argv.includes("--write");
const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const entries = Object.entries(exports).filter(([, target]) => target.types);
for (const folder of ["api", ".cache/api"]) mkdirSync(root + folder, { recursive: true });

const changed = [];
const names = new Set();
for (const [entry, { types }] of entries) {
	if (!existsSync(root + types)) throw new Error(`${types} is missing; run npm run build first`);
	const name = entry === "." ? "headscope" : entry.slice(2);
	names.add(`${name}.api.md`);
	const { apiReportChanged } = Extractor.invoke(configOf(name, root + types), {
		localBuild: write,
		messageCallback: (message) => {
			// what is wrong with a comment is for other checks
			message.handled = true;
		},
	});
	if (apiReportChanged) changed.push(name);
}
for (const file of readdirSync(`${root}api`).filter((one) => one.endsWith(".api.md") && !names.has(one))) {
	if (write) rmSync(`${root}api/${file}`);
	changed.push(file);
}
const what = write
	? "rewritten"
	: "differ from what is built; look at it, then: node scripts/check-api.mjs --write";
if (changed.length > 0) console.error(`api/: ${changed.join(", ")} ${what}`);
console.log(`public interface: ${entries.length} entries, ${changed.length} changed`);
process.exitCode = changed.length > 0 && !write ? 1 : 0;

function configOf(name, types) {
	return ExtractorConfig.prepare({
		configObjectFullPath: `${root}api-extractor.json`,
		packageJsonFullPath: `${root}package.json`,
		configObject: {
			projectFolder: root,
			mainEntryPointFilePath: types,
			compiler: {
				overrideTsconfig: {
					compilerOptions: {
						target: "es2023",
						module: "nodenext",
						lib: ["es2023", "dom", "esnext.disposable"],
						strict: true,
						skipLibCheck: true,
						types: [],
					},
					files: [types],
				},
			},
			apiReport: {
				enabled: true,
				reportFileName: name,
				reportFolder: `${root}api/`,
				reportTempFolder: `${root}.cache/api/`,
			},
			docModel: { enabled: false },
			dtsRollup: { enabled: false },
			tsdocMetadata: { enabled: false },
			newlineKind: "lf",
			messages: {
				extractorMessageReporting: { default: { logLevel: "none" } },
				tsdocMessageReporting: { default: { logLevel: "none" } },
				compilerMessageReporting: { default: { logLevel: "none" } },
			},
		},
	});
}
