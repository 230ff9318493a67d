import {
	type HeadScores,
	type HeadsOf,
	type RankedHead,
	type ScoreHeadsOptions,
	scoreHeads,
} from "../../scores/index.js";
import type { Cli } from "../cli.js";
import type { SampleCommandOptions } from "../commands/induction.js";
import { UsageError } from "../errors.js";
import { readTextFile } from "./read-file.js";

/** The samples that the command line asks for. */
export async function sampleOptions(options: SampleCommandOptions): Promise<ScoreHeadsOptions> {
	const { samples, n, seed, bos } = options;
	const text = options.text === undefined ? undefined : await readTextFile(options.text);
	if (text === "") throw new UsageError(`--text ${options.text}: the file is empty`);
	return {
		seed,
		...(samples !== undefined && { samples }),
		...(n !== undefined && { n }),
		...(bos !== undefined && { bos }),
		...(text !== undefined && { text }),
	};
}

/** Scores heads with progress on stderr; samples that cannot be had as asked are a usage error. */
export async function scoreFor(
	cli: Cli,
	of: HeadsOf,
	names: readonly string[],
	options: ScoreHeadsOptions,
): Promise<Map<string, HeadScores>> {
	try {
		return await scoreHeads(of, names, {
			...options,
			signal: cli.signal,
			onProgress: cli.progress.onStep("Scoring rows"),
		});
	} catch (error) {
		throw asUsage(error);
	}
}

/** Errors of samples and scores are about what was asked for. */
export function asUsage(error: unknown): unknown {
	const named = error instanceof Error && (error.name === "TaskError" || error.name === "ScoreError");
	return named ? new UsageError((error as Error).message, { cause: error }) : error;
}

/** Numbers as JSON shows them: 7 significant digits, what float32 holds. */
export const rounded = (value: number): number => Number(value.toPrecision(7));

/** [layer][head], rounded. */
export function roundedGrid(values: readonly (readonly number[])[]): number[][] {
	return values.map((row) => row.map(rounded));
}

/** A ranking, rounded; the first `top` heads where that is given. */
export function roundedRanking(ranking: readonly RankedHead[], top?: number): RankedHead[] {
	return ranking.slice(0, top).map(({ head, ...numbers }) => ({
		head,
		...(Object.fromEntries(Object.entries(numbers).map(([k, v]) => [k, rounded(v)])) as typeof numbers),
	}));
}
