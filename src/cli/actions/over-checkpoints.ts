import { extname } from "node:path";
import { type StepPanel, scoreOverSteps } from "../../figures/index.js";
import type { HeadScores, RankedHead } from "../../scores/index.js";
import type { Cli } from "../cli.js";
import type { InductionOptions } from "../commands/induction.js";
import { UsageError } from "../errors.js";
import { roundedGrid, roundedRanking, sampleOptions } from "../input/score-samples.js";
import { openRun } from "../open/open-run.js";
import { scoreRun } from "../open/run-heads.js";
import { rowsOf } from "../output/induction-text.js";
import { prepareOutput, writeOutput } from "../output/output.js";
import { bytes } from "../output/progress.js";
import { three } from "../output/ranking-text.js";
import { table, wrap } from "../output/table.js";

/** What `headscope induction RUN --over-checkpoints --json` prints. */
export interface OverCheckpointsResult {
	readonly model: string;
	/** The run's name. */
	readonly run: string;
	readonly samples: number;
	readonly seed: number;
	/** Of the checkpoints, ascending; each was saved after step + 1 updates. */
	readonly steps: readonly number[];
	readonly scores: Readonly<
		Record<
			string,
			{
				/** [step][layer][head] */
				readonly values: readonly (readonly (readonly number[])[])[];
				/** [step][layer][head], for scores that have a control. */
				readonly control?: readonly (readonly (readonly number[])[])[];
				/** The head that ranks first at each step, by lift where there is a control. */
				readonly best: readonly RankedHead[];
			}
		>
	>;
	/** The file that was written, or null. */
	readonly out: string | null;
}

/** Scores a run's heads at each of its checkpoints, all of them on the same rows. */
export async function overCheckpoints(cli: Cli, ref: string, options: InductionOptions): Promise<void> {
	const { out, rankBy, top } = options;
	const odd = rankBy !== undefined ? "rank-by" : top !== undefined ? "top" : undefined;
	if (odd)
		throw new UsageError(`--${odd} is about one ranking; --over-checkpoints shows every score's best head`);
	const samples = await sampleOptions(options);
	if (out !== undefined) await prepareOutput(out, [".svg", ".png"]);
	await using run = await openRun(cli, ref, options);
	const steps = await run.steps();
	const found: ReadonlyMap<string, HeadScores>[] = [];
	for (const step of steps) {
		await using at = await run.at(step);
		found.push(await scoreRun(cli, at, samples));
	}
	const first = found[0] as ReadonlyMap<string, HeadScores>;
	const names = [...first.keys()];
	const title = `Heads of ${ref} over training`;
	const rows = rowsOf(first.values(), false);
	if (out !== undefined) {
		const panels = names.map((name) => panelOf(name, at(found, name)));
		const notes = [...rows, "lift: score − control; bands: 95% intervals"];
		const svg = scoreOverSteps({ title, notes, steps, panels });
		const png = extname(out).toLowerCase() === ".png";
		const content = png ? (await import("../../figures/png-node.js")).svgToPng(svg) : svg;
		await writeOutput(out, content, cli.signal);
		if (!cli.options.json) cli.note(`${out}: ${bytes(Buffer.byteLength(content))}`);
	}
	await cli.result(
		(): OverCheckpointsResult => {
			const { samples: count, seed } = first.get(names[0] as string) as HeadScores;
			return {
				model: ref,
				run: run.name,
				samples: count,
				seed,
				steps,
				scores: Object.fromEntries(names.map((name) => [name, numbersOf(at(found, name))])),
				out: out ?? null,
			};
		},
		() =>
			[
				`${title}: the first head of each score's ranking`,
				bestHeads(steps, names, found),
				rows.map((line) => wrap(line, Math.min(cli.width, 80))).join("\n"),
			].join("\n\n"),
	);
}

/** One score at every checkpoint. */
function at(found: readonly ReadonlyMap<string, HeadScores>[], name: string): HeadScores[] {
	return found.map((scores) => scores.get(name) as HeadScores);
}

function numbersOf(scored: readonly HeadScores[]): OverCheckpointsResult["scores"][string] {
	return {
		values: scored.map(({ values }) => roundedGrid(values)),
		...(scored[0]?.control && { control: scored.map(({ control }) => roundedGrid(control ?? [])) }),
		best: scored.flatMap(({ ranking }) => roundedRanking(ranking, 1)),
	};
}

/** Every head's lift, or its score where there is no control, with its interval. */
function panelOf(name: string, scored: readonly HeadScores[]): StepPanel {
	const heads = [...(scored[0]?.ranking ?? [])].map(({ head }) => head).sort();
	const entries = scored.map(({ ranking }) => new Map(ranking.map((entry) => [entry.head, entry])));
	const lines = heads.map((head) => {
		const line = entries.map((byHead) => byHead.get(head) as RankedHead);
		const ends = line.every(({ low }) => low !== undefined) && {
			low: line.map(({ low }) => low as number),
			high: line.map(({ high }) => high as number),
		};
		return { name: head, values: line.map(({ lift, score }) => lift ?? score), ...ends };
	});
	return { measure: scored[0]?.control ? `lift of ${name}` : name, lines };
}

function bestHeads(
	steps: readonly number[],
	names: readonly string[],
	found: readonly ReadonlyMap<string, HeadScores>[],
): string {
	const columns = names.flatMap((name) => [
		{ title: `${name.toUpperCase()}${found[0]?.get(name)?.control ? " LIFT" : ""}`, right: true },
		{ title: "HEAD" },
	]);
	const rows = steps.map((step, i) => [
		String(step),
		...names.flatMap((name) => {
			const best = found[i]?.get(name)?.ranking[0];
			return [three(best?.lift ?? best?.score), best?.head ?? ""];
		}),
	]);
	return table([{ title: "STEP", right: true }, ...columns], rows);
}
