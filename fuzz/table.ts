/** What a run says of a target. */
export interface Row {
	readonly target: string;
	/** How long it was asked to look for inputs. */
	readonly seconds: number;
	readonly executions: number;
	readonly edges: number;
	readonly taken: number;
	/** Branches that there are. */
	readonly all: number;
	/** Inputs that are kept, and their bytes together. */
	readonly kept: number;
	readonly bytes: number;
}

const HEAD = ["reader", "seconds", "executions", "edges", "branches", "inputs kept"];
const [OPEN, CLOSE] = ["<!-- fuzz -->", "<!-- /fuzz -->"];

/** A row's cells, as people read them. */
export function cellsOf({ target, seconds, executions, edges, taken, all, kept, bytes }: Row): string[] {
	const share = `${taken} of ${all} (${((100 * taken) / all).toFixed(1)} %)`;
	const size = `${kept} (${(bytes / 1024).toFixed(1)} KiB)`;
	return [target, ...[seconds, executions, edges].map((n) => n.toLocaleString("en")), share, size];
}

/** A line for a terminal; without a row the line that says what stands where. */
export function lineOf(row?: Row): string {
	const widths = [12, 8, 12, 7, 22, 16];
	return (row ? cellsOf(row) : HEAD)
		.map((cell, i) => cell.padEnd(widths[i] ?? 0))
		.join(" ")
		.trimEnd();
}

/**
 * A document whose table, between `<!-- fuzz -->` and `<!-- /fuzz -->`, has this row in place of the target's former one.
 * @param names targets that there are, in the table's order
 * @param versions what it was measured with, a line below the table
 * @throws {Error} for a document without a place for the table
 */
export function withRow(
	text: string,
	row: Row,
	names: readonly string[],
	versions: string,
	where: string,
): string {
	const start = text.indexOf(OPEN);
	const end = text.indexOf(CLOSE, start);
	if (start < 0 || end < 0) throw new Error(`${where}: no lines ${OPEN} and ${CLOSE} around its table`);
	const cells = text
		.slice(start, end)
		.split("\n")
		.filter((line) => line.startsWith("| "))
		.map((line) =>
			line
				.slice(1, -1)
				.split("|")
				.map((cell) => cell.trim()),
		);
	const rows = new Map([...cells, cellsOf(row)].map((line) => [line[0], line]));
	const lines = [HEAD, HEAD.map(() => "---"), ...names.flatMap((name) => [rows.get(name) ?? []])];
	const table = lines.filter((line) => line.length > 0).map((line) => `| ${line.join(" | ")} |`);
	return `${text.slice(0, start)}${OPEN}\n\n${table.join("\n")}\n\n${versions}\n\n${text.slice(end)}`;
}
