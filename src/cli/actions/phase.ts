import { extname } from "node:path";
import { scoreOverSteps } from "../../figures/index.js";
import { checkpointSteps } from "../../models/checkpoint-steps-node.js";
import type { Model } from "../../models/model.js";
import { nextTokenLoss } from "../../models/next-token-loss.js";
import { type HeadScores, scoreHeads } from "../../scores/index.js";
import { repeat } from "../../tasks/index.js";
import { Random } from "../../tensor/index.js";
import type { Cli } from "../cli.js";
import type { PhaseOptions } from "../commands/phase.js";
import { asUsage, rounded, roundedGrid } from "../input/score-samples.js";
import { loadFor } from "../open/open.js";
import { prepareOutput, writeOutput } from "../output/output.js";
import { three } from "../output/ranking-text.js";
import { table, wrap } from "../output/table.js";

/** What `headscope phase --json` prints; numbers have 7 significant digits. */
export interface PhaseResult {
	readonly model: string;
	/** Training steps, ascending. */
	readonly steps: readonly number[];
	/** Mean cross-entropy, in nats, of tokens that a repeated segment says again: [step]. */
	readonly loss: readonly number[];
	/** By score [step][layer][head]. */
	readonly scores: Readonly<Record<string, readonly (readonly (readonly number[])[])[]>>;
}

/** In the order of the figure's panels. */
const SCORES = ["induction-repeat", "previous-token"] as const;

/** A checkpoint and what was measured there. */
interface Measured {
	readonly step: number;
	readonly found: ReadonlyMap<string, HeadScores>;
	readonly loss: number;
}

export async function phase(cli: Cli, ref: string, options: PhaseOptions): Promise<void> {
	const { out } = options;
	if (out !== undefined) await prepareOutput(out, [".svg", ".png"]);
	const steps = await checkpointSteps(ref);
	const measured: Measured[] = [];
	for (const [i, step] of steps.entries()) {
		await using model = await loadFor(cli, `${ref}@${step}`, options);
		measured.push({ step, ...(await measure(cli, model, options)) });
		cli.progress.onStep("Scoring checkpoints")(i + 1, steps.length);
	}
	cli.progress.end();
	if (out !== undefined) await draw(cli, out, ref, measured);
	await cli.result(
		(): PhaseResult => ({
			model: ref,
			steps,
			loss: measured.map(({ loss }) => rounded(loss)),
			scores: Object.fromEntries(
				SCORES.map((name) => [name, measured.map(({ found }) => roundedGrid(valuesOf(found, name)))]),
			),
		}),
		() => {
			const best = ({ found }: Measured, name: string): string[] => {
				const top = topHead(found, name);
				return [top.head, three(top.score)];
			};
			const right = (title: string): { title: string; right: true } => ({ title, right: true });
			const columns = ["STEP", "LOSS", "HEAD", "INDUCTION-REPEAT", "HEAD", "PREVIOUS-TOKEN"].map(right);
			const rows = measured.map((at) => [
				String(at.step),
				three(at.loss),
				...SCORES.flatMap((name) => best(at, name)),
			]);
			const about = `Checkpoints of ${ref}: the best head of each score, and the loss (nats) of tokens that a repeated segment says again.`;
			return [
				wrap(about, Math.min(cli.width, 80)),
				table(columns, rows),
				...(out === undefined ? [] : [`Wrote ${out}`]),
			].join("\n\n");
		},
	);
}

async function measure(cli: Cli, model: Model, options: PhaseOptions): Promise<Omit<Measured, "step">> {
	const { samples = 50, n, seed, bos } = options;
	try {
		const found = await scoreHeads(model, SCORES, {
			samples,
			seed,
			...(n !== undefined && { n }),
			...(bos !== undefined && { bos }),
			signal: cli.signal,
		});
		return { found, loss: await lossOf(cli, model, options, samples) };
	} catch (error) {
		throw asUsage(error);
	}
}

/** The loss on the second copies of random segments. */
function lossOf(cli: Cli, model: Model, { n, seed }: PhaseOptions, samples: number): Promise<number> {
	const { config, tokenizer } = model;
	// special tokens, which come first in the vocabulary, are not random tokens
	const low = Math.max(-1, tokenizer?.bosId ?? -1, tokenizer?.eosId ?? -1) + 1;
	const range = low * 2 < config.vocab ? { low, high: config.vocab } : { low: 0, high: config.vocab };
	const period = n ?? Math.min(50, Math.floor(config.nCtx / 2));
	const { ids } = repeat({ ...range, n: period, distinct: period * 2 < config.vocab }).draw(
		new Random(seed),
		samples,
	);
	// the first token of the second copy cannot be told
	return nextTokenLoss(model, ids, period + 1, cli.signal);
}

async function draw(cli: Cli, out: string, ref: string, measured: readonly Measured[]): Promise<void> {
	const last = measured.at(-1) as Measured;
	const named = SCORES.map((name) => topHead(last.found, name).head);
	const linesOf = (name: string): { name: string; values: number[] }[] =>
		valuesOf(last.found, name).flatMap((row, layer) =>
			row.map((_, head) => ({
				name: `${layer}.${head}`,
				values: measured.map(({ found }) => valuesOf(found, name)[layer]?.[head] ?? 0),
			})),
		);
	const svg = scoreOverSteps({
		steps: measured.map(({ step }) => step),
		title: `Phase change of ${ref}`,
		notes: ["Each line is a head; the loss is that of tokens which a repeated segment says again."],
		panels: [
			...SCORES.map((name) => ({ measure: name, lines: linesOf(name), named, range: [0, 1] as const })),
			{ measure: "loss (nats)", lines: [{ name: "loss", values: measured.map(({ loss }) => loss) }] },
		],
	});
	const { svgToPng } = await import("../../figures/png-node.js");
	await writeOutput(out, extname(out).toLowerCase() === ".png" ? svgToPng(svg) : svg, cli.signal);
}

function topHead(found: ReadonlyMap<string, HeadScores>, name: string): { head: string; score: number } {
	const { ranking } = found.get(name) as HeadScores;
	return ranking.reduce((best, entry) => (entry.score > best.score ? entry : best));
}

function valuesOf(found: ReadonlyMap<string, HeadScores>, name: string): readonly (readonly number[])[] {
	return (found.get(name) as HeadScores).values;
}
