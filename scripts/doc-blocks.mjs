// The code blocks of a Markdown page, and what is to become of each.

const LEFT = /^<!-- not run: (\S.*?) -->$/;
const LEFT_LANGUAGE = /^<!-- not run \((\w+)\): (\S.*?) -->$/;
const FILE = /^<!-- file: (\S+) -->$/;
const FENCE = /^```(\w*)$/;

/**
 * The blocks between fences, in order. A block has one of these kinds:
 *
 * - "module": `js` or `ts`, run as a file of its own;
 * - "commands": `sh`, run line by line;
 * - "output": `text` right behind a block that runs, what that one prints;
 * - "file": written to `name`, after `<!-- file: NAME -->`;
 * - "left": not run, for the `reason` in `<!-- not run: REASON -->` above it, or in `<!-- not run (LANGUAGE): REASON -->`
 *   anywhere in the page for all blocks of a language.
 *
 * @throws {Error} for a block that is none of these
 */
export function docBlocks(text, page) {
	const lines = text.split("\n");
	const leftLanguages = new Map(
		lines.flatMap((line) => {
			const [, language, reason] = LEFT_LANGUAGE.exec(line) ?? [];
			return language ? [[language, reason]] : [];
		}),
	);
	const blocks = [];
	let above = [];
	for (let i = 0; i < lines.length; i++) {
		const line = lines[i];
		if (!line.startsWith("```")) {
			if (line.trim() !== "") above = line.startsWith("<!--") ? [...above, line] : [line];
			continue;
		}
		const language = FENCE.exec(line)?.[1];
		const end = lines.indexOf("```", i + 1);
		if (language === undefined || end < 0)
			throw new Error(`${page}:${i + 1}: a fence that does not open and close a block`);
		const code = lines.slice(i + 1, end).join("\n");
		const block = { language, code, line: i + 1, end: end + 1 };
		const behind = above.length === 0 || above.every((comment) => comment.startsWith("<!--"));
		blocks.push({ ...block, ...purpose(block, above.at(-1) ?? "", behind ? blocks.at(-1) : undefined) });
		above = [];
		i = end;
	}
	return blocks;

	function purpose({ language, line }, comment, before) {
		const reason = LEFT.exec(comment)?.[1] ?? leftLanguages.get(language);
		if (reason) return { kind: "left", reason };
		const name = FILE.exec(comment)?.[1];
		if (name) return { kind: "file", name };
		if (language === "js" || language === "ts") return { kind: "module" };
		if (language === "sh") return { kind: "commands" };
		if (language === "text" && (before?.kind === "module" || before?.kind === "commands"))
			return { kind: "output" };
		throw new Error(
			`${page}:${line}: a block of "${language}" that is neither run nor compared; say why with <!-- not run: REASON --> above it, or <!-- file: NAME -->`,
		);
	}
}

/** The command lines of a `sh` block: comments left out, lines that end with a backslash joined, words taken out of quotes. */
export function commandsOf({ code, line }, page) {
	return code
		.replace(/\\\n\s*/g, "")
		.split("\n")
		.filter((command) => command.trim() !== "" && !command.startsWith("#"))
		.map((command) => {
			const found = [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)];
			const words = found.map(([, double, single, bare]) => double ?? single ?? bare);
			const shell = found.find(([, , , bare]) => bare && /[|<>;&$`"'\\]/.test(bare));
			const [first, second] = words;
			if (
				shell ||
				!(first === "headscope" || first === "node" || (first === "npx" && second === "headscope"))
			)
				throw new Error(
					`${page}:${line}: "${command}" is not run; allowed are lines that begin with headscope, npx headscope or node, without a shell's signs`,
				);
			return words;
		});
}

/**
 * Whether what is shown is what was printed, white space apart. `...` stands for any text that is left out. The last digit of
 * a number with decimals may differ by one, since kernels round differently on other processors.
 */
export function showsOutput(shown, printed) {
	const [wanted, got] = [shown, printed].map((text) => text.split(/\s+/).filter((word) => word !== ""));
	// ends[j]: the words shown so far match the first j that were printed
	let ends = new Set([0]);
	for (const word of wanted) {
		const next = new Set();
		for (const j of ends) {
			if (word === "...") for (let k = j; k <= got.length; k++) next.add(k);
			else if (j < got.length && sameWord(word, got[j])) next.add(j + 1);
		}
		ends = next;
	}
	return ends.has(got.length);
}

function sameWord(shown, printed) {
	const [a, b] = [shown, printed].map((word) => word.split(/(-?\d+\.\d+)/));
	return (
		a.length === b.length &&
		a.every((part, i) => {
			if (i % 2 === 0) return part === b[i];
			const decimals = part.length - part.indexOf(".") - 1;
			const other = b[i].length - b[i].indexOf(".") - 1;
			return decimals === other && Math.abs(part - b[i]) < 1.5 * 10 ** -decimals;
		})
	);
}

/** The figures and pictures that a page shows, by their paths. */
export function picturesOf(text) {
	return [...text.matchAll(/!\[[^\]]*\]\(([^)\s]+)\)/g)]
		.map(([, path]) => path)
		.filter((path) => !/^[a-z]+:/.test(path));
}
