import { extname } from "node:path";
import {
	findScore,
	type HeadScores,
	type HeadsOf,
	type RankedHead,
	REGRESSION_SCORES,
	SCORES,
	type ScoreHeadsOptions,
} from "../../scores/index.js";
import type { Cli } from "../cli.js";
import type { InductionOptions } from "../commands/induction.js";
import { UsageError } from "../errors.js";
import { rounded, roundedGrid, roundedRanking, sampleOptions, scoreFor } from "../input/score-samples.js";
import { isRun, type OpenHeads, openHeads } from "../open/open-heads.js";
import { describeRunHeads, patternTable, type RunHeads, scoreRun } from "../open/run-heads.js";
import { chooseScore, rowsOf, verdictOn } from "../output/induction-text.js";
import { prepareFolder, prepareOutput } from "../output/output.js";
import { rankingText } from "../output/ranking-text.js";
import { wrap } from "../output/table.js";

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
	/** Of a regression run. */
	readonly run?: RunHeads;
}

/** Where lifts are equal the first is taken. */
const CANDIDATES = ["induction-repeat", "induction"] as const;
const BESIDE = "previous-token";

export async function induction(cli: Cli, ref: string, options: InductionOptions): Promise<void> {
	const run = await isRun(ref, options);
	checkRankBy(options.rankBy, run);
	const samples = await sampleOptions(options);
	if (options.out !== undefined) await prepare(options.out);
	await using opened = await openHeads(cli, ref, options);
	const { model, title } = opened;
	const found = await scoreAll(cli, opened, samples, options.rankBy);
	const candidates = run ? ["induction"] : CANDIDATES;
	const { scored, why } = chooseScore(found, candidates, options.rankBy);
	const verdict = verdictOn(scored);
	const about = opened.run && (await describeRunHeads(cli, opened.run, found, samples));
	const rows = [...rowsOf(found.values(), !run), ...(about ? [about.rows] : [])];
	let written: readonly string[] = [];
	if (options.out !== undefined) {
		const { writeInductionFigures } = await import("../output/induction-figures.js");
		written = await writeInductionFigures(cli, opened, {
			out: options.out,
			scored,
			found,
			notes: [why, verdict, ...rows],
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
			...(about && { run: about.json }),
		}),
		() => {
			const width = Math.min(cli.width, 80);
			const others = [...found.values()].filter(({ score }) => score !== scored.score);
			const beside = others.map(({ score, values }) => ({ title: score, values }));
			const where = options.out?.endsWith(".html") ? "" : ` to ${options.out}`;
			return [
				`Induction heads of ${title}: ${model.family.name}, ${nLayers} layers x ${nHeads} heads`,
				`${wrap(why, width)}\n${wrap(verdict, width)}`,
				rankingText(scored, options.top ?? 10, beside),
				...(about ? [patternTable(about.patterns, scored.ranking.slice(0, options.top ?? 10))] : []),
				rows.map((line) => wrap(line, width)).join("\n"),
				...(written.length > 0 ? [`Wrote ${written.join(", ")}${where}`] : []),
			].join("\n\n");
		},
	);
}

/** Only a score with a control can say that a head does more than its control. */
function checkRankBy(name: string | undefined, run: boolean): void {
	if (name === undefined) return;
	const allowed = (run ? REGRESSION_SCORES : SCORES).filter((s) => s.control).map((s) => s.name);
	if (!allowed.includes(name)) {
		throw new UsageError(`--rank-by: got "${name}", allowed: ${allowed.join(", ")}`);
	}
}

/** `--out` is the page's file, or a folder. */
async function prepare(out: string): Promise<void> {
	await (extname(out).toLowerCase() === ".html" ? prepareOutput(out, [".html"]) : prepareFolder(out));
}

async function scoreAll(
	cli: Cli,
	{ of, run }: OpenHeads,
	samples: ScoreHeadsOptions,
	rankBy: string | undefined,
): Promise<Map<string, HeadScores>> {
	return run ? scoreRun(cli, run, samples) : scoreModel(cli, of, samples, rankBy);
}

async function scoreModel(
	cli: Cli,
	model: HeadsOf,
	samples: ScoreHeadsOptions,
	rankBy: string | undefined,
): Promise<Map<string, HeadScores>> {
	const names = [
		...new Set(["induction", "induction-repeat", ...(rankBy === undefined ? [] : [rankBy]), BESIDE]),
	];
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
