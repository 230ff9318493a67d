import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { workFolder } from "./corpus.js";

/** Branches of source files that the inputs of a target take, and how many there are. */
export interface Branches {
	readonly taken: number;
	readonly all: number;
	/** Places of those that are not taken, `file:line`. */
	readonly missed: readonly string[];
}

interface FileCoverage {
	readonly b: Readonly<Record<string, readonly number[]>>;
	readonly branchMap: Readonly<
		Record<string, { readonly locations: readonly { readonly start: { line?: number } }[] }>
	>;
}

/**
 * Reads the kept inputs of a target and those to begin with on instrumented sources, and counts Istanbul's branches: if,
 * ?:, &&, ||, ??, case, defaults.
 */
export async function coveredBranches(target: string, sources: readonly string[]): Promise<Branches> {
	const folder = workFolder(target, "coverage");
	const child = spawn(
		process.execPath,
		[
			...["node_modules/vitest/vitest.mjs", "run", "fuzz/replay.test.ts", "--coverage.enabled"],
			...[
				"--coverage.provider=istanbul",
				"--coverage.reporter=json",
				`--coverage.reportsDirectory=${folder}`,
			],
			...["--reporter=dot", `--testNamePattern=^${target} reads`],
			...sources.map((source) => `--coverage.include=${source}`),
		],
		{ stdio: ["ignore", "ignore", "inherit"] },
	);
	const status = await new Promise((done, failed) => {
		child.on("error", failed);
		child.on("close", done);
	});
	if (status !== 0)
		throw new Error("the replay of the corpus failed: npx vitest run fuzz/replay.test.ts tells why");
	const files = JSON.parse(readFileSync(`${folder}/coverage-final.json`, "utf8")) as Record<
		string,
		FileCoverage
	>;
	const missed: string[] = [];
	let all = 0;
	for (const source of sources) {
		const file = files[resolve(source)];
		if (!file) throw new Error(`${source}: nothing of it is in the coverage`);
		for (const [id, counts] of Object.entries(file.b)) {
			all += counts.length;
			for (const [i, count] of counts.entries())
				if (count === 0) missed.push(`${source}:${file.branchMap[id]?.locations[i]?.start.line ?? "?"}`);
		}
	}
	return { taken: all - missed.length, all, missed };
}
