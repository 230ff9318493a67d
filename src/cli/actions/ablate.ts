import {
	type AblateOptions as AblateHeadsOptions,
	type Ablations,
	ablateGreedily,
	ablateHeads,
	ablatePairs,
	type GreedyAblation,
	type PairAblations,
} from "../../causal/ablate-heads.js";
import type { AblationKind } from "../../causal/ablation.js";
import { greedyAblationFigure, pairAblationFigure } from "../../causal/ablation-set-figures.js";
import { ablationFigure } from "../../causal/sweep-figures.js";
import type { Change, MeasureOf, MetricData, SampleTask } from "../../metrics/index.js";
import type { Cli } from "../cli.js";
import type { AblateOptions } from "../commands/ablate.js";
import { UsageError } from "../errors.js";
import { parseHeads } from "../input/heads.js";
import { checkIds, readIds, readMask } from "../input/ids-file.js";
import { answerMetric } from "../input/prompt-pair.js";
import { readTextFile } from "../input/read-file.js";
import { asUsage, rounded } from "../input/score-samples.js";
import { isRun, openHeads } from "../open/open-heads.js";
import { type RunResult, runResult } from "../open/run-result.js";
import { ablationText } from "../output/ablation-text.js";
import { prepareOutput } from "../output/output.js";
import { writeFigure } from "../output/write-figure.js";

/** What ablating changed, as `--json` has it: numbers of 7 significant digits. */
export interface ChangeResult {
	readonly after: number;
	readonly change: number;
	/** change / before; null where that is 0. */
	readonly relative: number | null;
	/** 95 % interval of the change; null for a single row. */
	readonly low: number | null;
	readonly high: number | null;
}

/** What `headscope ablate --json` prints. */
export interface AblateResult {
	readonly model: string;
	/** Of a regression run: which checkpoint. */
	readonly run?: RunResult;
	/** As it was asked for. */
	readonly metric: string;
	/** As they were asked for. */
	readonly positions?: string;
	readonly kind: string;
	readonly rows: number;
	/** Mean over rows. */
	readonly before: number;
	/** Every head in the model's order; with --pairs two `heads` each. Absent with --greedy. */
	readonly cells?: readonly (ChangeResult & { readonly head?: string; readonly heads?: readonly string[] })[];
	/** With --greedy: the sets, each of one head more. */
	readonly steps?: readonly (ChangeResult & { readonly added: string; readonly heads: readonly string[] })[];
}

export async function ablate(cli: Cli, ref: string, options: AblateOptions): Promise<void> {
	const { kind, out, pairs, greedy, top = 10, memory } = options;
	if (pairs && greedy !== undefined) throw new UsageError("--pairs and --greedy: give one of them");
	if (out !== undefined) await prepareOutput(out, [".svg", ".png"]);
	const run = await isRun(ref, options);
	const rows = await rowsOf(options, ref, run);
	const metric = metricOf(options, run);
	await using opened = await openHeads(cli, ref, options, ({ config }) => {
		parseHeads(options.heads, config);
		if (rows.ids) checkIds(options.ids as string, rows.ids, config, ref);
	});
	const of: MeasureOf = opened.run ?? opened.model;
	const heads = parseHeads(options.heads, opened.model.config).map(({ layer, head }) => `${layer}.${head}`);
	const asked: AblateHeadsOptions = {
		...rows,
		metric,
		heads,
		kind: kind as AblationKind,
		signal: cli.signal,
		...(memory !== undefined && {
			memory: memory * 1e6,
			onPlan: (passes) => cli.note(`--memory ${memory}: ${passes} ${passes === 1 ? "pass" : "passes"}`),
		}),
		onProgress: cli.progress.onStep("Ablating heads"),
	};
	const found = await sweep(of, asked, options).catch((error: unknown) => {
		throw asUsage(error);
	});
	const written = out === undefined ? [] : await writeFigure(cli, out, figureOf(found, opened.title));
	await cli.result(
		() => resultOf({ model: ref, ...(opened.run && { run: runResult(opened.run) }) }, found, options),
		() => [ablationText(opened.title, found, top), ...written].join("\n\n"),
	);
}

type Found = Ablations | PairAblations | GreedyAblation;

function sweep(of: MeasureOf, asked: AblateHeadsOptions, { pairs, greedy }: AblateOptions): Promise<Found> {
	if (greedy !== undefined) return ablateGreedily(of, { ...asked, count: greedy });
	return pairs ? ablatePairs(of, asked) : ablateHeads(of, asked);
}

function figureOf(found: Found, model: string): string {
	if ("steps" in found) return greedyAblationFigure(found, { model });
	return "ranking" in found ? ablationFigure(found, { model }) : pairAblationFigure(found, { model });
}

/** The rows that are asked for. @throws {UsageError} */
async function rowsOf(options: AblateOptions, ref: string, run: boolean): Promise<AblateHeadsOptions> {
	const { samples, text, textFile, ids: idsFile, mask: maskFile, count, n, seed, bos } = options;
	const sources = { samples, text, "text-file": textFile, ids: idsFile };
	const given = Object.entries(sources).filter(([, value]) => value !== undefined);
	const [first, second] = given.map(([name]) => `--${name}`);
	if (second) throw new UsageError(`${first} and ${second}: give one of them`);
	if (run && first) throw new UsageError(`${first} goes with language models; ${ref} is a run`);
	if (idsFile === undefined && maskFile !== undefined) throw new UsageError("--mask goes with --ids");
	const whole = first === "--text" || first === "--ids";
	const odd = (["count", "n"] as const).find((name) => options[name] !== undefined);
	if (whole && odd) throw new UsageError(`--${odd} makes samples; ${first} gives the tokens as they are`);
	if (first === "--ids" && bos !== undefined)
		throw new UsageError("--bos and --no-bos go with texts and samples; ids are taken as they are");
	if (text === "") throw new UsageError("--text: the text is empty; allowed is at least one character");
	const ids = idsFile === undefined ? undefined : await readIds(idsFile);
	const mask = ids && maskFile !== undefined ? await readMask(maskFile, ids) : undefined;
	return {
		seed,
		...(samples !== undefined && { task: samples as SampleTask }),
		...(count !== undefined && { samples: count }),
		...(n !== undefined && { n }),
		...(bos !== undefined && { bos }),
		...(text !== undefined && { prompts: text }),
		...(textFile !== undefined && { text: await readTextFile(textFile) }),
		...(ids && { ids }),
		...(mask && { mask }),
	};
}

/** The metric with its positions and answers. @throws {UsageError} */
function metricOf(options: AblateOptions, run: boolean): string | MetricData {
	const { metric = usualMetric(run), positions, answer, wrong, ids } = options;
	const ofAnswers = answerMetric({ metric, answer, wrong }, ids !== undefined);
	if (positions === undefined) return ofAnswers;
	if (run)
		throw new UsageError(
			"--positions goes with the tokens of language models; of a run --metric pretrain/token/3 is one example's",
		);
	if (typeof ofAnswers !== "string") throw new UsageError(`--positions does not go with ${metric}`);
	if (!/^-?\d+:(-?\d+)?$|^:-?\d+$/.test(positions.trim()))
		throw new UsageError(`--positions: got "${positions}", allowed A:B, such as 51:100`);
	if (metric.includes("@")) throw new UsageError(`--positions: ${metric} has positions already`);
	return `${metric}@${positions.trim()}`;
}

function usualMetric(run: boolean): string {
	return run ? "mse" : "loss";
}

function resultOf(
	subject: Pick<AblateResult, "model" | "run">,
	found: Found,
	{ metric, positions }: AblateOptions,
): AblateResult {
	const { kind, rows, before } = found;
	const about = {
		...subject,
		metric: metric ?? usualMetric(subject.run !== undefined),
		...(positions !== undefined && { positions }),
		kind,
		rows,
		before: rounded(before),
	};
	if ("steps" in found) {
		return {
			...about,
			steps: found.steps.map(({ added, heads, ...rest }) => ({ added, heads, ...changed(rest) })),
		};
	}
	return {
		...about,
		cells: found.cells.map((cell) => ({
			...("head" in cell ? { head: cell.head } : { heads: cell.heads }),
			...changed(cell),
		})),
	};
}

function changed({ after, change, relative, low, high }: Change): ChangeResult {
	const finite = (value: number): number | null => (Number.isFinite(value) ? rounded(value) : null);
	return {
		after: rounded(after),
		change: rounded(change),
		relative: finite(relative),
		low: finite(low),
		high: finite(high),
	};
}
