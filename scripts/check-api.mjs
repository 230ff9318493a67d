// Compares the public names and types of every entry, as the build declares them, with the reports in api/: a change
// that users see is made on purpose.
//
//   node scripts/check-api.mjs            fails where something differs
//   node scripts/check-api.mjs --write    rewrites the reports

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CompilerState, Extractor, ExtractorConfig } from "@microsoft/api-extractor";

const root = fileURLToPath(new URL("..", import.meta.url));
const write = process.argv.includes("--write");
const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const entries = Object.entries(exports).filter(([, target]) => target.types);
for (const folder of ["api", ".cache/api"]) mkdirSync(root + folder, { recursive: true });

const configs = new Map(
	entries.map(([entry, { types }]) => {
		if (!existsSync(root + types)) throw new Error(`${types} is missing; run npm run build first`);
		const name = entry === "." ? "headscope" : entry.slice(2);
		return [name, configOf(name, root + types)];
	}),
);
// the entries share most of their declarations: they are compiled once
const [first, ...others] = configs.values();
const compilerState = CompilerState.create(first, {
	additionalEntryPoints: others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
});
const changed = [];
for (const [name, config] of configs) {
	const { apiReportChanged } = Extractor.invoke(config, {
		compilerState,
		localBuild: write,
		messageCallback: (message) => {
			// what is wrong with a comment is for other checks
			message.handled = true;
		},
	});
	if (apiReportChanged) changed.push(name);
}
const known = new Set([...configs.keys()].map((name) => `${name}.api.md`));
for (const file of readdirSync(`${root}api`).filter((one) => one.endsWith(".api.md") && !known.has(one))) {
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
