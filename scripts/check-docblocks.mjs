// Checks that everything a user of the package can import says what it is: every export of every entry, and
// every public method of an exported class, has a comment with prose, and every function says what it returns.
//
//   node scripts/check-docblocks.mjs

import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const entries = Object.values(exports).flatMap((target) => target["hs-source"] ?? []);

const configFile = `${root}tsconfig.json`;
const { config } = ts.readConfigFile(configFile, ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(configFile));
const program = ts.createProgram({ rootNames: entries.map((entry) => root + entry.slice(2)), options });
const checker = program.getTypeChecker();

const faults = new Set();
let symbols = 0;
for (const entry of entries) {
	const source = program.getSourceFile(root + entry.slice(2));
	const module = source && checker.getSymbolAtLocation(source);
	if (!module) throw new Error(`${entry}: no such module`);
	for (const exported of checker.getExportsOfModule(module)) check(resolve(exported), exported.name);
}
for (const fault of [...faults].sort()) console.error(fault);
console.log(`public names: ${symbols} looked at, ${faults.size} without prose or a return type`);
process.exitCode = faults.size > 0 ? 1 : 0;

function resolve(symbol) {
	return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function check(symbol, name) {
	const [declaration] = symbol.declarations ?? [];
	// a re-exported name of another package is documented there
	if (!declaration || declaration.getSourceFile().fileName.includes("node_modules")) return;
	symbols++;
	const prose = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
	if (prose === "" && !ts.isSourceFile(declaration) && !isOptions(declaration))
		report(declaration, `${name} has no comment that says what it is`);
	for (const signature of symbol.declarations ?? []) {
		const isFunction = ts.isFunctionDeclaration(signature) || ts.isMethodDeclaration(signature);
		if (isFunction && !signature.type) report(signature, `${name} does not say what it returns`);
	}
	if (!ts.isClassDeclaration(declaration)) return;
	for (const member of declaration.members) {
		const hidden =
			ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Override);
		const callable = ts.isMethodDeclaration(member) || ts.isGetAccessorDeclaration(member);
		// [Symbol.dispose] and its like mean the same everywhere
		if (hidden || !callable || ts.isComputedPropertyName(member.name) || ts.isPrivateIdentifier(member.name))
			continue;
		const symbol = checker.getSymbolAtLocation(member.name);
		if (symbol) check(symbol, `${name}.${symbol.name}`);
	}
}

/** Options whose every member says what it is need no words of their own. */
function isOptions(node) {
	const told = (member) => {
		const symbol = member.name && checker.getSymbolAtLocation(member.name);
		return symbol && symbol.getDocumentationComment(checker).length > 0;
	};
	return ts.isInterfaceDeclaration(node) && node.name.text.endsWith("Options") && node.members.every(told);
}

function report(node, message) {
	const file = node.getSourceFile();
	const { line } = file.getLineAndCharacterOfPosition(node.getStart());
	faults.add(`${relative(root, file.fileName)}:${line + 1}: ${message}`);
}
