import type { Model } from "../../models/model.js";
import {
	findScore,
	type HeadScores,
	NOTABLE_LIFT,
	type RankedHead,
	SCORES,
	type ScoreHeadsOptions,
	standsOut,
} from "../../scores/index.js";
import type { Cli } from "../cli.js";
import type { InductionOptions } from "../commands/induction.js";
import { UsageError } from "../errors.js";
import { loadFor } from "../open.js";
import { prepareFolder } from "../output.js";
import { rankingText, three } from "../ranking-text.js";
import { rounded, roundedGrid, roundedRanking, sampleOptions, scoreFor } from "../score-samples.js";
import { wrap } from "../table.js";

/** What `headscope induction --json` prints; numbers have 7 significant digits. */
export interface InductionResult {
	readonly model: string;
	readonly architecture: string;
	readonly nLayers: number;
	readonly nHeads: number;
	/** The score that the ranking goes by. */
	readonly score: string;
	readonly samples: number;
	readonly seed: number;
	/** Whether rows begin with a BOS. */
	readonly bos: boolean;
	/** [layer][head] */
	readonly values: readonly (readonly number[])[];
	/** [layer][head]: the score on the same rows without what is to be looked up. */
	readonly control: readonly (readonly number[])[];
	/** What a uniform causal pattern scores. */
	readonly baseline: number;
	readonly ranking: readonly RankedHead[];
}

const BOTH = ["induction", "induction-repeat"] as const;
const BESIDE = "previous-token";

export async function induction(cli: Cli, ref: string, options: InductionOptions): Promise<void> {
	checkRankBy(options.rankBy);
	const samples = await sampleOptions(options);
	if (options.out !== undefined) await prepareFolder(options.out);
	await using model = await loadFor(cli, ref, options);
	const found = await scoreAll(cli, model, samples, options.rankBy);
	const { scored, why } = choose(found, options.rankBy);
	const verdict = verdictOn(scored);
	let written: readonly string[] = [];
	if (options.out !== undefined) {
		const { writeInductionFigures } = await import("../induction-figures.js");
		written = await writeInductionFigures(cli, model, {
			folder: options.out,
			scored,
			found,
			notes: [why, verdict, ...rowsOf(found)],
			samples,
			top: options.top ?? 10,
		});
	}
	if (cli.options.json) cli.note(`${why} ${verdict}`);
	const { nLayers, nHeads } = model.config;
	await cli.result(
		(): InductionResult => ({
			model: ref,
			architecture: model.family.name,
			nLayers,
			nHeads,
			score: scored.score,
			samples: scored.samples,
			seed: scored.seed,
			bos: scored.bos,
			values: roundedGrid(scored.values),
			control: roundedGrid(scored.control ?? []),
			baseline: rounded(scored.baseline),
			ranking: roundedRanking(scored.ranking, options.top),
		}),
		() => {
			const width = Math.min(cli.width, 80);
			const others = [...found.values()].filter(({ score }) => score !== scored.score);
			const beside = others.map(({ score, values }) => ({ title: score, values }));
			return [
				`Induction heads of ${ref}: ${model.family.name}, ${nLayers} layers x ${nHeads} heads`,
				`${wrap(why, width)}\n${wrap(verdict, width)}`,
				rankingText(scored, options.top ?? 10, beside),
				rowsOf(found)
					.map((line) => wrap(line, width))
					.join("\n"),
				...(written.length > 0 ? [`Wrote ${written.join(", ")} to ${options.out}`] : []),
			].join("\n\n");
		},
	);
}

/** Only a score with a control can say that a head does more than its control. */
function checkRankBy(name: string | undefined): void {
	if (name === undefined) return;
	const allowed = SCORES.filter((s) => s.control).map((s) => s.name);
	if (!allowed.includes(name)) {
		throw new UsageError(`--rank-by: got "${name}", allowed: ${allowed.join(", ")}`);
	}
}

async function scoreAll(
	cli: Cli,
	model: Model,
	samples: ScoreHeadsOptions,
	rankBy: string | undefined,
): Promise<Map<string, HeadScores>> {
	const names = [...new Set([...BOTH, ...(rankBy === undefined ? [] : [rankBy]), BESIDE])];
	if (samples.text === undefined) return scoreFor(cli, model, names, samples);
	// rows of a text do not end in a token that has occurred before: A B X..A stays made of random tokens
	const { text: _, ...random } = samples;
	const isRandom = (name: string): boolean => findScore(name).samples === "abxa";
	return new Map([
		...(await scoreFor(cli, model, names.filter(isRandom), random)),
		...(await scoreFor(
			cli,
			model,
			names.filter((name) => !isRandom(name)),
			samples,
		)),
	]);
}

/** The score that the ranking goes by, and why. */
function choose(
	found: ReadonlyMap<string, HeadScores>,
	rankBy: string | undefined,
): { scored: HeadScores; why: string } {
	const best = (name: string): RankedHead => found.get(name)?.ranking[0] as RankedHead;
	const said = (name: string): string => `${three(best(name).lift)} (head ${best(name).head})`;
	if (rankBy !== undefined) {
		return { scored: found.get(rankBy) as HeadScores, why: `Ranked by the lift of ${rankBy}, as asked.` };
	}
	const [abxa, repeats] = BOTH;
	const [first, second] =
		(best(abxa).lift ?? 0) > (best(repeats).lift ?? 0) ? [abxa, repeats] : [repeats, abxa];
	return {
		scored: found.get(first) as HeadScores,
		why: `Ranked by the lift of ${first}, whose best is ${said(first)}; that of ${second} is ${said(second)}.`,
	};
}

/** Whether there are heads that do more than their control. */
function verdictOn({ ranking }: HeadScores): string {
	const standing = ranking.filter(standsOut);
	const [best] = ranking;
	if (best?.low === undefined) {
		return "One row gives no interval, so no head can be said to stand above its control.";
	}
	const rule = `lift above ${NOTABLE_LIFT}, its interval above 0`;
	if (standing.length === 0) {
		return `No head stands above its control (${rule}): the best lift is ${three(best.lift)}, of head ${best.head}.`;
	}
	return `${standing.length} of ${ranking.length} heads ${standing.length === 1 ? "stands" : "stand"} above ${standing.length === 1 ? "its" : "their"} control (${rule}).`;
}

/** What the rows were: one line for each kind of them. */
function rowsOf(found: ReadonlyMap<string, HeadScores>): string[] {
	const byTask = new Map<string, HeadScores[]>();
	for (const scored of found.values()) {
		const key = `${scored.samples} rows of ${scored.task}`;
		byTask.set(key, [...(byTask.get(key) ?? []), scored]);
	}
	return [...byTask].map(([rows, list]) => {
		const { seed, bos } = list[0] as HeadScores;
		return `${list.map(({ score }) => score).join(", ")}: ${rows}, seed ${seed}, ${bos ? "with" : "without"} BOS`;
	});
}
