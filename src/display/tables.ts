/** A result as rows of cells. */
export interface ResultTable {
	readonly title: string;
	readonly columns: readonly string[];
	readonly rows: readonly (readonly (string | number)[])[];
	/** Rows that are left out. */
	readonly more: number;
}

/** Makes a table of one kind of result; undefined for anything else. */
type TableMaker = (value: Readonly<Record<string, unknown>>) => Omit<ResultTable, "more"> | undefined;

/** Scores of every head, as `scoreHeads` gives them: the ranking. */
const headScores: TableMaker = ({ score, ranking, samples, task }) => {
	if (typeof score !== "string" || !isRecords(ranking)) return undefined;
	return { title: `${score}, ${samples} rows of ${task}`, ...columnsOf(ranking) };
};

/** What an experiment or an ablation found: its metrics. */
const experimentResult: TableMaker = ({ metrics, title, model }) => {
	if (!isRecords(metrics)) return undefined;
	const shown = metrics.map(({ doc: _, data: __, ...numbers }) => numbers);
	return { title: String(title ?? model ?? "Metrics"), ...columnsOf(shown) };
};

/** Every kind; the first that knows a value makes its table. */
const MAKERS: readonly TableMaker[] = [headScores, experimentResult];

/** A result as a table of at most `top` rows; undefined for what is none. */
export function tableOf(value: unknown, top: number): ResultTable | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	const made = isRecords(value)
		? { title: "", ...columnsOf(value) }
		: MAKERS.map((make) => make(value as Record<string, unknown>)).find((table) => table);
	return made && { ...made, rows: made.rows.slice(0, top), more: Math.max(0, made.rows.length - top) };
}

function isRecords(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
	return (
		Array.isArray(value) &&
		value.length > 0 &&
		value.every((row) => typeof row === "object" && row !== null && !Array.isArray(row))
	);
}

/** Columns are the keys that hold a text, a number or a truth value in some row. */
function columnsOf(
	records: readonly Readonly<Record<string, unknown>>[],
): Pick<ResultTable, "columns" | "rows"> {
	const columns = [...new Set(records.flatMap((record) => Object.keys(record)))].filter((key) =>
		records.some((record) => isCell(record[key])),
	);
	const cell = (value: unknown): string | number =>
		typeof value === "number" || typeof value === "string" ? value : isCell(value) ? String(value) : "";
	return { columns, rows: records.map((record) => columns.map((key) => cell(record[key]))) };
}

function isCell(value: unknown): boolean {
	return ["string", "number", "boolean", "bigint"].includes(typeof value);
}
