import type { Run } from "../../runs/run.js";
import {
	type HeadScores,
	type RankedHead,
	REGRESSION_SCORES,
	type ScoreHeadsOptions,
	scorePatterns,
} from "../../scores/index.js";
import { counted } from "../../shared/counted.js";
import { numTasks } from "../../train/run-config.js";
import type { Cli } from "../cli.js";
import { roundedGrid, roundedRanking, scoreFor } from "../input/score-samples.js";
import { three } from "../output/ranking-text.js";
import { table } from "../output/table.js";
import { type RunResult, runResult } from "./run-result.js";

/** What the JSON of `headscope induction` has of a regression run beside what language models have. */
export interface RunHeads extends RunResult {
	/** Tasks it was trained on; "inf" where each was drawn anew. */
	readonly numTasks: number | "inf";
	/** Every score, that of the ranking among them. */
	readonly scores: Readonly<
		Record<
			string,
			{
				/** [layer][head] */
				readonly values: readonly (readonly number[])[];
				/** [layer][head], for scores that have a control. */
				readonly control?: readonly (readonly number[])[];
				readonly ranking: readonly RankedHead[];
			}
		>
	>;
	/** Scores of attention patterns on whole sequences, by name: [layer][head]. */
	readonly patternScores: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** Every score of a run's heads. */
export function scoreRun(cli: Cli, run: Run, samples: ScoreHeadsOptions): Promise<Map<string, HeadScores>> {
	return scoreFor(
		cli,
		run,
		REGRESSION_SCORES.map(({ name }) => name),
		samples,
	);
}

/** What is special of a run: for JSON, for a table of pattern scores, and a line on what these were taken of. */
export async function describeRunHeads(
	cli: Cli,
	run: Run,
	found: ReadonlyMap<string, HeadScores>,
	{ samples, seed }: ScoreHeadsOptions,
): Promise<{ json: RunHeads; patterns: ReadonlyMap<string, HeadScores>; rows: string }> {
	const patterns = await scorePatterns(run, {
		...(samples !== undefined && { samples }),
		...(seed !== undefined && { seed }),
		signal: cli.signal,
	});
	const [first] = patterns.values();
	const tasks = numTasks(run.config);
	const json: RunHeads = {
		...runResult(run),
		numTasks: Number.isFinite(tasks) ? tasks : "inf",
		scores: Object.fromEntries(
			[...found].map(([name, { values, control, ranking }]) => [
				name,
				{
					values: roundedGrid(values),
					...(control && { control: roundedGrid(control) }),
					ranking: roundedRanking(ranking),
				},
			]),
		),
		patternScores: Object.fromEntries([...patterns].map(([name, { values }]) => [name, roundedGrid(values)])),
	};
	const rows = `${[...patterns.keys()].join(", ")}: ${counted(first?.samples ?? 0, "sequence")} of ${first?.task}, seed ${first?.seed}`;
	return { json, patterns, rows };
}

/** Pattern scores of some heads, in the order of a ranking. */
export function patternTable(
	patterns: ReadonlyMap<string, HeadScores>,
	heads: readonly Pick<RankedHead, "head">[],
): string {
	const columns = ["HEAD", ...[...patterns.keys()].map(shortTitle)].map((title) => ({ title, right: true }));
	const rows = heads.map(({ head }) => {
		const [layer = 0, index = 0] = head.split(".").map(Number);
		return [head, ...[...patterns.values()].map(({ values }) => three(values[layer]?.[index]))];
	});
	return table(columns, rows);
}

/** `prev_token_attn` as PREV_TOKEN: what it is about, so that seven columns fit in 80 characters. */
function shortTitle(name: string): string {
	return name
		.replace(/_attn$/, "")
		.replace("entropy_normalized", "norm_entropy")
		.replace("mean_position", "position")
		.toUpperCase();
}
