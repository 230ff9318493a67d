// Runs every code block of Markdown pages, in order, in one folder for each page, and compares what they print with what the
// page shows (scripts/doc-blocks.mjs says what is run). Pictures outside `images/` must be made by the page's own blocks.
//
//   npm run build && node scripts/run-doc.mjs docs/tutorial.md
//
//   --update     put what was printed into the page's `text` blocks where it is something else
//   --figures    copy the pictures that the blocks made to where the page shows them
//   --in FOLDER  run in this folder, where the package may be installed, instead of a temporary one

import { spawn } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { commandsOf, docBlocks, picturesOf, showsOutput } from "./doc-blocks.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const LIMIT = 240_000;

/**
 * @param {string} page path of the Markdown file
 * @param {{ folder?: string, update?: boolean, figures?: boolean }} options
 * @returns how many blocks ran, were compared, and were left out
 * @throws {Error} that begins with the page and the line
 */
export async function runDoc(page, options = {}) {
	const name = relative(root, resolve(page));
	const text = readFileSync(page, "utf8");
	const blocks = docBlocks(text, name);
	// below the package, so that "headscope" is the package itself, built
	mkdirSync(join(root, ".cache"), { recursive: true });
	const folder = options.folder ?? mkdtempSync(join(root, ".cache/doc-"));
	const lines = text.split("\n");
	const changes = [];
	const counts = { run: 0, compared: 0, left: 0 };
	try {
		let printed = "";
		for (const block of blocks) {
			const at = `${name}:${block.line}`;
			if (block.kind === "left") counts.left++;
			if (block.kind === "file") {
				mkdirSync(dirname(join(folder, block.name)), { recursive: true });
				writeFileSync(join(folder, block.name), `${block.code}\n`);
			}
			if (block.kind === "module") printed = await runModule(block, folder, at);
			if (block.kind === "commands") printed = await runCommands(block, folder, name);
			if (block.kind === "module" || block.kind === "commands") counts.run++;
			if (block.kind === "output") {
				counts.compared++;
				if (showsOutput(block.code, printed)) continue;
				if (!options.update) throw new Error(`${at}: shown\n${block.code}\nbut printed\n${printed}`);
				changes.push({ from: block.line, to: block.end - 1, printed: printed.trimEnd() });
			}
		}
		for (const { from, to, printed } of changes.reverse())
			lines.splice(from, to - from, ...printed.split("\n"));
		if (changes.length > 0) writeFileSync(page, lines.join("\n"));
		for (const picture of picturesOf(text)) {
			const kept = /(^|\/)images\//.test(picture);
			const made = join(kept ? dirname(page) : folder, picture);
			if (!existsSync(made))
				throw new Error(`${name}: shows ${picture}, which ${kept ? "is not there" : "no block makes"}`);
			if (options.figures && !kept) copyFileSync(made, join(dirname(page), picture));
		}
	} finally {
		if (!options.folder) rmSync(folder, { recursive: true, force: true });
	}
	return counts;
}

/** @returns what it printed */
async function runModule({ language, code, line }, folder, at) {
	const file = join(folder, `block-${line}.mjs`);
	writeFileSync(file, language === "js" ? code : await javaScriptOf(code, at));
	const { code: exit, stdout, stderr } = await execute(process.execPath, [file], folder);
	if (exit !== 0 || stderr !== "") throw new Error(`${at}: the block failed (${exit})\n${stderr}`);
	return stdout;
}

async function javaScriptOf(code, at) {
	// most pages need no compiler, which takes longer to load than a block to run
	const { default: ts } = await import("typescript");
	const { outputText, diagnostics = [] } = ts.transpileModule(code, {
		compilerOptions: {
			target: ts.ScriptTarget.ES2022,
			module: ts.ModuleKind.ESNext,
			verbatimModuleSyntax: true,
		},
		reportDiagnostics: true,
	});
	for (const { messageText } of diagnostics)
		throw new Error(`${at}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
	return outputText;
}

/** @returns what they printed, one after the other */
async function runCommands(block, folder, page) {
	let printed = "";
	for (const words of commandsOf(block, page)) {
		const { code, stdout, stderr } = await execute(...program(words, folder), folder);
		if (code !== 0) throw new Error(`${page}:${block.line}: ${words.join(" ")} failed (${code})\n${stderr}`);
		printed += stdout;
		const out = words.includes("--out") ? words[words.indexOf("--out") + 1] : undefined;
		if (out && !existsSync(join(folder, out)))
			throw new Error(`${page}:${block.line}: ${words.join(" ")} left no ${out}`);
	}
	return printed;
}

/** A line as it stands where the package is installed; else the built command line. */
function program(words, folder) {
	const installed = existsSync(join(folder, "node_modules/headscope"));
	const [first, ...rest] = words;
	if (first === "node") {
		const inside = (word) => (installed ? word : word.replace(/^node_modules\/headscope\//, root));
		return [process.execPath, rest.map(inside)];
	}
	if (installed) return ["npx", ["--no", "--", ...(first === "npx" ? rest : words)]];
	return [process.execPath, [join(root, "dist/cli/main.js"), ...(first === "npx" ? rest.slice(1) : rest)]];
}

/** Runs a program to its end; one that says that Ctrl-C ends it is ended so. */
function execute(command, args, cwd) {
	return new Promise((done, fail) => {
		// a group of its own, so that Ctrl-C reaches what npx started, as a terminal's does
		const child = spawn(command, args, {
			cwd,
			env: environment(),
			detached: true,
			stdio: ["ignore", "pipe", "pipe"],
		});
		const end = (signal) => process.kill(-child.pid, signal);
		const limit = setTimeout(() => end("SIGKILL"), LIMIT);
		const streams = { stdout: "", stderr: "" };
		let served = false;
		for (const name of ["stdout", "stderr"]) {
			child[name].setEncoding("utf8").on("data", (data) => {
				streams[name] += data;
				if (served || !streams.stdout.includes("Ctrl-C ends it")) return;
				served = true;
				end("SIGINT");
			});
		}
		child.on("error", fail);
		child.on("close", (code, signal) => {
			clearTimeout(limit);
			const ended = served && (code === 130 || code === 0 || signal === "SIGINT");
			done({ code: ended ? 0 : (code ?? signal), ...streams });
		});
	});
}

/** Without what npm and a test runner hand on, as a user's shell would have it. */
function environment() {
	return Object.fromEntries(
		Object.entries(process.env).filter(([name]) => !/^(npm_|node_options|vitest|node_env)/i.test(name)),
	);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: { update: { type: "boolean" }, figures: { type: "boolean" }, in: { type: "string" } },
	});
	for (const page of positionals) {
		try {
			const { run, compared, left } = await runDoc(page, {
				...values,
				...(values.in && { folder: resolve(values.in) }),
			});
			console.log(`${page}: ${run} blocks run, ${compared} compared, ${left} left out`);
		} catch (error) {
			console.error(error.message);
			process.exitCode = 1;
		}
	}
}
