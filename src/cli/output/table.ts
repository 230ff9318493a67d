/** A column of a table: its title, and whether its cells are numbers, which stand to the right. */
export interface Column {
	readonly title: string;
	readonly right?: boolean;
}

/**
 * A table as text: columns as wide as their widest cell, two spaces between, no trailing space, and no line
 * of titles where all are empty. With `width` the last column is broken to lines that keep within it.
 */
export function table(
	columns: readonly Column[],
	rows: readonly (readonly string[])[],
	width = Number.POSITIVE_INFINITY,
): string {
	const widths = columns.map(({ title }, c) =>
		Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[c] ?? ""))),
	);
	const before = widths.slice(0, -1).reduce((sum, w) => sum + w + 2, 0);
	const room = Math.max(24, width - before);
	const line = (cells: readonly string[]): string[] => {
		const [first = "", ...more] = wrap(cells[columns.length - 1] ?? "", room).split("\n");
		const full = columns
			.map(({ right }, c) => {
				const cell = c === columns.length - 1 ? first : (cells[c] ?? "");
				return padTo(cell, Math.min(widths[c] as number, room + before), right);
			})
			.join("  ")
			.trimEnd();
		return [full, ...more.map((rest) => " ".repeat(before) + rest)];
	};
	const titles = columns.map(({ title }) => title);
	return [...(titles.some((t) => t !== "") ? [titles] : []), ...rows].flatMap(line).join("\n");
}

/** Text padded with spaces to a width on the screen. */
export function padTo(text: string, width: number, right = false): string {
	const space = " ".repeat(Math.max(0, width - displayWidth(text)));
	return right ? space + text : text + space;
}

/** Text cut to a width on the screen, its last character then "…". */
export function cutTo(text: string, width: number): string {
	if (displayWidth(text) <= width) return text;
	let kept = "";
	for (const character of text) {
		if (displayWidth(kept + character) > width - 1) break;
		kept += character;
	}
	return `${kept}…`;
}

/** Text broken at spaces to lines of at most `width`; a word that is longer stays whole. */
export function wrap(text: string, width: number): string {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(" ")) {
		if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > width) {
			lines.push(line);
			line = word;
		} else line = line === "" ? word : `${line} ${word}`;
	}
	return [...lines, line].join("\n");
}

/** East Asian wide characters and emoji take two cells of a terminal, combining marks none. */
const WIDE =
	/[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const NONE = /\p{Mn}|\p{Me}|\u200d|\ufe0f/u;

/** Cells that a text takes in a terminal. */
export function displayWidth(text: string): number {
	let width = 0;
	for (const character of text) width += NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
	return width;
}
