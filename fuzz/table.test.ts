import { expect, test } from "vitest";
import { lineOf, type Row, withRow } from "./table.js";

const row = (target: string, executions: number): Row => ({
	target,
	seconds: 600,
	executions,
	edges: 321,
	taken: 73,
	all: 76,
	kept: 50,
	bytes: 8112,
});
const NAMES = ["gguf", "config"];
const write = (text: string, one: Row): string => withRow(text, one, NAMES, "Node 1", "FILE.md");

test("a row goes into its place, and others stay", () => {
	const empty = "before\n\n<!-- fuzz -->\n<!-- /fuzz -->\n\nafter\n";
	const one = write(empty, row("config", 1234567));
	expect(one).toBe(
		[
			"before\n",
			"<!-- fuzz -->\n",
			"| reader | seconds | executions | edges | branches | inputs kept |",
			"| --- | --- | --- | --- | --- | --- |",
			"| config | 600 | 1,234,567 | 321 | 73 of 76 (96.1 %) | 50 (7.9 KiB) |\n",
			"Node 1\n",
			"<!-- /fuzz -->\n",
			"after\n",
		].join("\n"),
	);
	const two = write(one, row("gguf", 5));
	expect(two.indexOf("| gguf | 600 | 5 |")).toBeLessThan(two.indexOf("| config | 600 | 1,234,567 |"));
	expect(write(write(empty, row("gguf", 5)), row("config", 1234567))).toBe(two);
	expect(write(two, row("config", 2))).toContain("| config | 600 | 2 |");
	expect(write(two, row("config", 2))).not.toContain("1,234,567");
});

test("a reader that is no more leaves the table", () => {
	const old = "<!-- fuzz -->\n| other | 1 | 2 | 3 | 4 | 5 |\n<!-- /fuzz -->";
	expect(write(old, row("gguf", 5))).not.toContain("other");
});

test("a document without a place for the table is refused", () => {
	expect(() => write("<!-- fuzz -->", row("gguf", 1))).toThrow(/FILE\.md: no lines/);
});

test("lines for a terminal stand in columns", () => {
	const lines = [lineOf(), lineOf(row("config", 1234567)), lineOf(row("gguf", 5))];
	const columns = lines.map((line) => [...line.matchAll(/(?<=^| {2})\S/g)].map(({ index }) => index));
	expect(columns[1]).toEqual(columns[0]);
	expect(columns[2]).toEqual(columns[0]);
});
