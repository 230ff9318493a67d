import {
	findScore,
	type HeadScore,
	type HeadScores,
	type RankedHead,
	REGRESSION_SCORES,
	SCORES,
	type ScoreHeadsOptions,
	scorePatterns,
} from "../../scores/index.js";
import { PATTERN_SCORES } from "../../tasks/regression/index.js";
import type { Cli } from "../cli.js";
import type { ScoresOptions } from "../commands/scores.js";
import { UsageError } from "../errors.js";
import { checkIds, readIds, readMask } from "../input/ids-file.js";
import {
	asUsage,
	rounded,
	roundedGrid,
	roundedRanking,
	sampleOptions,
	scoreFor,
} from "../input/score-samples.js";
import { isRun, type OpenHeads, openHeads } from "../open/open-heads.js";
import { rankingText, three } from "../output/ranking-text.js";
import { wrap } from "../output/table.js";

/** What `headscope scores --json` prints; numbers have 7 significant digits. */
export interface ScoresResult {
	readonly model: string;
	readonly scores: Readonly<
		Record<
			string,
			{
				/** [layer][head] */
				readonly values: readonly (readonly number[])[];
				/** [layer][head], for scores that have a control. */
				readonly control?: readonly (readonly number[])[];
				/** What a uniform causal pattern scores. */
				readonly baseline: number;
				readonly ranking: readonly RankedHead[];
				readonly samples: number;
				readonly bos: boolean;
			}
		>
	>;
}

export async function scores(cli: Cli, ref: string, options: ScoresOptions): Promise<void> {
	const names = [...new Set(options.score.flatMap((list) => list.split(",")).map((name) => name.trim()))];
	const run = await isRun(ref, options);
	const docs = new Map(names.map((name) => [name, docOf(name, run)]));
	const { ids: idsFile, mask: maskFile, period } = options;
	if (idsFile === undefined && maskFile !== undefined) throw new UsageError("--mask goes with --ids");
	if (idsFile === undefined && period !== undefined) throw new UsageError("--period goes with --ids");
	const clash = (["text", "samples", "n", "bos"] as const).find((name) => options[name] !== undefined);
	if (idsFile !== undefined && clash !== undefined) {
		throw new UsageError(`--${clash} makes samples; --ids takes the tokens as they are`);
	}
	if (run && idsFile !== undefined) throw new UsageError(`--ids goes with language models; ${ref} is a run`);
	const ids = idsFile === undefined ? undefined : await readIds(idsFile);
	const mask = ids && maskFile !== undefined ? await readMask(maskFile, ids) : undefined;
	const samples = await sampleOptions(options);
	await using opened = await openHeads(cli, ref, options, ({ config }) => {
		if (ids) checkIds(idsFile as string, ids, config, ref);
	});
	const found = await scoreAll(cli, opened, names, {
		...samples,
		...(ids && { ids }),
		...(mask && { mask }),
		...(period !== undefined && { period }),
	});
	await cli.result(
		(): ScoresResult => ({
			model: ref,
			scores: Object.fromEntries(
				[...found].map(([name, scored]) => [
					name,
					{
						values: roundedGrid(scored.values),
						...(scored.control && { control: roundedGrid(scored.control) }),
						baseline: rounded(scored.baseline),
						ranking: roundedRanking(scored.ranking, options.top),
						samples: scored.samples,
						bos: scored.bos,
					},
				]),
			),
		}),
		() =>
			[...found]
				.map(([name, scored]) => {
					const rows = `${scored.samples} ${scored.samples === 1 ? "row" : "rows"} of ${scored.task}`;
					const about = `${name}: ${docs.get(name)}. A uniform pattern scores ${three(scored.baseline)}. ${rows}.`;
					return `${wrap(about, Math.min(cli.width, 100))}\n\n${rankingText(scored, options.top ?? 10)}`;
				})
				.join("\n\n"),
	);
}

/** What a score says, of those that there are for runs or for language models. */
function docOf(name: string, run: boolean): string {
	if (!run) return known(name, SCORES).doc;
	const score = REGRESSION_SCORES.find((one) => one.name === name);
	if (score) return score.doc;
	const allowed: readonly string[] = [...REGRESSION_SCORES.map((one) => one.name), ...PATTERN_SCORES];
	if (!allowed.includes(name)) {
		throw new UsageError(`no score "${name}" of regression runs, allowed: ${allowed.join(", ")}`);
	}
	return "of the attention pattern, mean over the queries";
}

function known(name: string, scores: readonly HeadScore[]): HeadScore {
	try {
		return findScore(name, scores);
	} catch (error) {
		throw asUsage(error);
	}
}

/** Scores by name; of a run those of its patterns too. */
async function scoreAll(
	cli: Cli,
	{ of, run }: OpenHeads,
	names: readonly string[],
	samples: ScoreHeadsOptions,
): Promise<Map<string, HeadScores>> {
	if (!run) return scoreFor(cli, of, names, samples);
	const isPattern = (name: string): boolean => PATTERN_SCORES.some((pattern) => pattern === name);
	const heads = names.filter((name) => !isPattern(name));
	const patterns = names.some(isPattern)
		? await scorePatterns(run, { ...samples, signal: cli.signal })
		: new Map<string, HeadScores>();
	const found = new Map([...patterns, ...(await scoreFor(cli, of, heads, samples))]);
	return new Map(names.map((name) => [name, found.get(name) as HeadScores]));
}
