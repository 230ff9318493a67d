import { reject } from "./errors.js";
import type { Storage } from "./storage.js";

/** One line of a log: the step and what was measured there. */
export type LogRow = Readonly<{ step: number } & Record<string, number>>;

/**
 * A table that grows with a run, as `<name>.jsonl` and `<name>.csv`. Files are written whole, so that a
 * reader and a killed writer never leave half a line; numbers that JSON has not are strings there.
 */
export class RunLog {
	private rows: LogRow[] = [];

	private constructor(
		private readonly storages: readonly Storage[],
		private readonly path: string,
	) {}

	/**
	 * The log of a run that goes on after step `after`: later rows are dropped, since they are made again. A run that
	 * moved between machines has left rows in one storage that another lacks, so those of all are taken, by step.
	 * @throws {TrainError} for a file with a line that is no row
	 */
	static async open(storages: readonly Storage[], path: string, after: number): Promise<RunLog> {
		const log = new RunLog(storages, path);
		const rows = new Map<number, LogRow>();
		for (const storage of after < 0 ? [] : storages) {
			const bytes = await storage.get(`${path}.jsonl`);
			if (!bytes) continue;
			const lines = new TextDecoder().decode(bytes).split("\n").filter(Boolean);
			for (const [i, line] of lines.entries()) {
				const row = parseRow(line, `${storage.name}/${path}.jsonl, line ${i + 1}`);
				if (row.step <= after && !rows.has(row.step)) rows.set(row.step, row);
			}
		}
		log.rows = [...rows.values()].sort((a, b) => a.step - b.step);
		return log;
	}

	add(row: LogRow): void {
		this.rows.push(row);
	}

	/** Writes both files to every storage. */
	async flush(): Promise<void> {
		if (this.rows.length === 0) return;
		const encoder = new TextEncoder();
		for (const storage of this.storages) {
			await storage.put(`${this.path}.jsonl`, encoder.encode(toJsonLines(this.rows)));
			await storage.put(`${this.path}.csv`, encoder.encode(toCsv(this.rows)));
		}
	}
}

function toJsonLines(rows: readonly LogRow[]): string {
	const exact = (_: string, value: unknown): unknown =>
		typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
	return rows.map((row) => `${JSON.stringify(row, exact)}\n`).join("");
}

function toCsv(rows: readonly LogRow[]): string {
	const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
	const lines = rows.map((row) => columns.map((column) => row[column] ?? "").join(","));
	return [columns.join(","), ...lines, ""].join("\n");
}

function parseRow(line: string, where: string): LogRow {
	let row: unknown;
	try {
		row = JSON.parse(line);
	} catch (error) {
		return reject(where, "is not JSON", error);
	}
	if (typeof row !== "object" || row === null || !("step" in row) || !Number.isInteger(row.step)) {
		return reject(where, `expected an object with a whole number "step", got ${line.slice(0, 80)}`);
	}
	return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)])) as LogRow;
}
