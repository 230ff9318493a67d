import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const FOLDER = ".cache/fuzz/coverage";

/** Branches of source files that the corpus takes, and how many there are. */
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

/** Replays the corpus of targets on instrumented sources (Istanbul's branches: if, ?:, &&, ||, ??, case, defaults). */
export function coveredBranches(
	targets: readonly string[],
	sources: readonly string[],
): (some: readonly string[]) => Branches {
	const include = sources.map((source) => `--coverage.include=${source}`);
	const { status } = spawnSync(
		process.execPath,
		[
			...["node_modules/vitest/vitest.mjs", "run", "fuzz/replay.test.ts", "--coverage.enabled"],
			...[
				"--coverage.provider=istanbul",
				"--coverage.reporter=json",
				`--coverage.reportsDirectory=${FOLDER}`,
			],
			...["--reporter=dot", `--testNamePattern=^(${targets.join("|")}) reads`, ...include],
		],
		{ stdio: ["ignore", "ignore", "inherit"] },
	);
	if (status !== 0)
		throw new Error("the replay of the corpus failed: npx vitest run fuzz/replay.test.ts tells why");
	const files = JSON.parse(readFileSync(`${FOLDER}/coverage-final.json`, "utf8")) as Record<
		string,
		FileCoverage
	>;
	return (some) => {
		const missed: string[] = [];
		let [taken, all] = [0, 0];
		for (const source of some) {
			const file = files[resolve(source)];
			if (!file) throw new Error(`${source}: nothing of it is in the coverage`);
			for (const [id, counts] of Object.entries(file.b)) {
				for (const [i, count] of counts.entries()) {
					all++;
					if (count > 0) taken++;
					else missed.push(`${source}:${file.branchMap[id]?.locations[i]?.start.line ?? "?"}`);
				}
			}
		}
		return { taken, all, missed };
	};
}
