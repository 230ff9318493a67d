/** docs/architecture.md names files in an order in which they can be read: none needs a later one. */
import { existsSync, readFileSync } from "node:fs";
import { posix as path } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(`${root}docs/architecture.md`, "utf8");
const section = /\n## Reading it\n([\s\S]*?)\n## /.exec(page)?.[1] ?? "";
const order = [...section.matchAll(/`([\w/-]+\.ts)`/g)].map(([, name]) => name as string);

/** Files below src that a file imports when it is loaded; imports of types alone are none. */
function importsOf(file: string): string[] {
	const text = readFileSync(`${root}src/${file}`, "utf8");
	const statements = text.matchAll(/^(?:import|export)\s(?!type\s)([^;]*?)from "(\.[^"]+)\.js";/gm);
	return [...statements]
		.filter(([, names = ""]) => !/^\{(\s*type \w+( as \w+)?,?)+\s*\}\s*$/.test(names))
		.map(([, , to = ""]) => path.join(path.dirname(file), to))
		.map((to) => (existsSync(`${root}src/${to}.ts`) ? `${to}.ts` : `${to}.tsx`));
}

/** All that a file needs, and what that needs. */
function needs(file: string, seen = new Set<string>()): Set<string> {
	for (const next of importsOf(file)) {
		if (seen.has(next)) continue;
		seen.add(next);
		needs(next, seen);
	}
	return seen;
}

test("the files are there, from the weights to a ranking", () => {
	for (const file of order) expect(existsSync(`${root}src/${file}`), file).toBe(true);
	expect(order.length).toBeGreaterThan(15);
	expect([order[0], order.at(-1)]).toEqual(["tensor/tensor.ts", "cli/actions/induction.ts"]);
	// the last one rests on what was read before
	const last = needs(order.at(-1) as string);
	for (const file of ["models/model.ts", "scores/score-heads.ts", "tensor/tensor.ts"])
		expect(last).toContain(file);
});

test.each(order.map((file, i) => [file, order.slice(i + 1)] as const))(
	"%s needs no later one",
	(file, later) => {
		const needed = needs(file);
		expect(later.filter((other) => needed.has(other))).toEqual([]);
	},
);
