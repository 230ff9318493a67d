// Checks the shape of src: each folder imports only the folders below it, no file reaches itself through its
// imports, Node's own modules are imported only by files that say so in their name, and no file is too long.
//
//   node scripts/check-source.mjs

import { readdirSync, readFileSync } from "node:fs";
import { posix as path } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** What each folder may import. What stands in `types` it may only name in types. */
const LAYERS = {
	tensor: { imports: [] },
	random: { imports: [] },
	tasks: { imports: ["random", "tensor"] },
	weights: { imports: ["tensor"] },
	tokenizers: { imports: [] },
	figures: { imports: ["tensor"] },
	graph: { imports: ["tensor"] },
	onnx: { imports: ["graph", "tensor"] },
	nn: { imports: ["graph", "tensor"] },
	hooks: { imports: ["graph", "weights", "tensor"] },
	// what several folders use: schemas and kinds of plain data, numbers in words
	shared: { imports: ["hooks"] },
	sae: { imports: ["shared", "hooks", "graph", "weights", "tensor"], types: ["models"] },
	interventions: { imports: ["sae", "shared", "hooks", "graph", "tensor"] },
	runtime: { imports: ["onnx", "graph", "weights", "tensor"] },
	models: {
		imports: [
			"nn",
			"interventions",
			"sae",
			"shared",
			"hooks",
			"runtime",
			"onnx",
			"graph",
			"weights",
			"tokenizers",
			"tasks",
			"random",
			"tensor",
		],
	},
	patching: { imports: ["models", "interventions", "hooks", "graph", "tensor"] },
	scores: { imports: ["tasks", "random", "graph", "tensor"], types: ["models"] },
	train: {
		imports: [
			"models",
			"shared",
			"hooks",
			"runtime",
			"onnx",
			"graph",
			"weights",
			"tasks",
			"random",
			"tensor",
		],
	},
	metrics: {
		imports: ["scores", "models", "interventions", "shared", "hooks", "tasks", "random", "graph", "tensor"],
	},
	causal: {
		imports: [
			"metrics",
			"figures",
			"scores",
			"models",
			"interventions",
			"shared",
			"hooks",
			"tasks",
			"graph",
			"tensor",
		],
	},
	lens: { imports: ["metrics", "models", "hooks", "graph", "tensor"] },
	circuits: { imports: ["metrics", "models", "interventions", "graph", "tensor"] },
	processing: { imports: ["models", "tensor"] },
	experiments: {
		imports: [
			"causal",
			"metrics",
			"scores",
			"models",
			"interventions",
			"sae",
			"shared",
			"hooks",
			"runs",
			"weights",
			"tensor",
		],
	},
	verify: { imports: ["models", "hooks", "graph", "weights", "tokenizers", "tensor"] },
	mechinterp: { imports: ["figures", "tasks", "tensor"] },
	generation: { imports: ["models", "interventions", "hooks", "tokenizers", "tensor"] },
	runs: {
		imports: ["train", "models", "hooks", "runtime", "weights", "tasks", "random", "tensor"],
	},
	display: { imports: ["figures", "tensor"] },
	export: { imports: ["figures", "tensor"] },
	// what else it uses of the package it imports by the package's name, as its users do
	studio: { imports: ["shared", "runtime"] },
	cli: {
		imports: [
			"studio",
			"verify",
			"export",
			"runs",
			"mechinterp",
			"patching",
			"generation",
			"interventions",
			"shared",
			"train",
			"experiments",
			"causal",
			"lens",
			"metrics",
			"scores",
			"tasks",
			"random",
			"figures",
			"models",
			"runtime",
			"hooks",
			"graph",
			"weights",
			"tokenizers",
			"tensor",
		],
	},
};
const LONGEST = 500;
/** Files that only Node runs. */
const FOR_NODE = /(^|-)node\.ts$|^cli\//;

const src = fileURLToPath(new URL("../src", import.meta.url));
const forks = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).imports;
const faults = [];

/** Every file's imports: `{ to, isType, isLazy }`, where `to` is a path below src or a package. */
const files = new Map();
for (const file of readdirSync(src, { recursive: true }).map((f) => f.replaceAll("\\", "/"))) {
	if (!/\.tsx?$/.test(file)) continue;
	const text = readFileSync(`${src}/${file}`, "utf8");
	const lines = text.trimEnd().split("\n").length;
	if (lines > LONGEST) faults.push(`${file}: ${lines} lines, at most ${LONGEST}`);
	if (/\.test\.tsx?$/.test(file)) continue;
	files.set(file, importsOf(file, text));
}
for (const [file, imports] of files) checkArrows(file, imports);
checkCycles();

for (const fault of faults) console.error(fault);
console.log(`src: ${files.size} files, ${faults.length} faults in imports and lengths`);
process.exitCode = faults.length > 0 ? 1 : 0;

function importsOf(file, text) {
	const found = [];
	const add = (specifier, isType, isLazy) => {
		for (const to of resolve(file, specifier)) found.push({ to, isType, isLazy });
	};
	const visit = (node) => {
		if (ts.isImportDeclaration(node)) add(node.moduleSpecifier.text, isTypeImport(node.importClause), false);
		else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
			add(node.moduleSpecifier.text, node.isTypeOnly || onlyTypes(node.exportClause), false);
		} else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
			const [specifier] = node.arguments;
			if (specifier && ts.isStringLiteralLike(specifier)) add(specifier.text, false, true);
		}
		ts.forEachChild(node, visit);
	};
	visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
	return found;
}

function isTypeImport(clause) {
	if (!clause) return false;
	return clause.isTypeOnly || (!clause.name && onlyTypes(clause.namedBindings));
}

function onlyTypes(bindings) {
	return Boolean(bindings?.elements?.length) && bindings.elements.every((element) => element.isTypeOnly);
}

/** A relative import as a path below src, a fork as its sources, anything else as it stands. */
function resolve(file, specifier) {
	if (specifier.startsWith("#")) {
		const sources = forks[specifier]?.["hs-source"];
		if (!sources) faults.push(`${file}: "${specifier}" is not among the imports of package.json`);
		return Object.values(sources ?? {}).map((source) => source.replace("./src/", ""));
	}
	if (!specifier.startsWith(".")) return [specifier];
	return [path.join(path.dirname(file), specifier).replace(/\.js(x?)$/, ".ts$1")];
}

function checkArrows(file, imports) {
	const folder = folderOf(file);
	for (const { to, isType } of imports) {
		if (to.startsWith("node:") && !FOR_NODE.test(file))
			faults.push(`${file}: imports ${to}, but its name does not say "node"`);
		if (!files.has(to) || folder === undefined) continue;
		const target = folderOf(to);
		if (target === folder) continue;
		const layer = LAYERS[folder];
		if (!layer) faults.push(`${file}: "${folder}" is not among the layers of scripts/check-source.mjs`);
		else if (!layer.imports.includes(target) && !(isType && layer.types?.includes(target))) {
			faults.push(
				`${file}: ${folder} may not import ${to} (it may import ${layer.imports.join(", ") || "nothing"})`,
			);
		}
	}
}

/** The folder directly below src; undefined for the entries beside the folders. */
function folderOf(file) {
	return file.includes("/") ? file.slice(0, file.indexOf("/")) : undefined;
}

/** Depth first: an import of a file that is still open closes a circle. */
function checkCycles() {
	const done = new Set();
	const open = [];
	const visit = (file) => {
		if (done.has(file) || !files.has(file)) return;
		const start = open.indexOf(file);
		if (start >= 0) {
			faults.push(`imports in a circle: ${[...open.slice(start), file].join(" -> ")}`);
			return;
		}
		open.push(file);
		for (const { to, isType, isLazy } of files.get(file)) if (!isType && !isLazy) visit(to);
		open.pop();
		done.add(file);
	};
	for (const file of files.keys()) visit(file);
}
