import { extname } from "node:path";
import type { HeadScores, RankedHead } from "../../scores/index.js";
import type { Cli } from "../cli.js";
import type { PhaseOptions } from "../commands/phase.js";
import { rounded, roundedGrid, roundedRanking } from "../input/score-samples.js";
import { scoreCheckpoints } from "../open/score-checkpoints.js";
import { rowsOf } from "../output/induction-text.js";
import { prepareOutput, writeOutput } from "../output/output.js";
import { lossOverSteps, overSteps, phaseFigure, phaseTable, scoreNames } from "../output/phase-figures.js";
import { bytes } from "../output/progress.js";
import { wrap } from "../output/table.js";

/** What `headscope phase --json` prints; numbers have 7 significant digits. */
export interface PhaseResult {
	readonly model: string;
	/** The regression run's name; absent for language models. */
	readonly run?: string;
	readonly samples: number;
	readonly seed: number;
	/** Of the checkpoints, ascending; each was saved after step + 1 updates. */
	readonly steps: readonly number[];
	/** Of a language model: mean cross-entropy, in nats, of tokens that a repeated segment says again [step]. */
	readonly loss?: readonly number[];
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

export async function phase(cli: Cli, ref: string, options: PhaseOptions): Promise<void> {
	const { out } = options;
	if (out !== undefined) await prepareOutput(out, [".svg", ".png"]);
	const training = await scoreCheckpoints(cli, ref, options);
	const { run, checkpoints } = training;
	const [{ found }] = checkpoints;
	const title = `Heads of ${ref} over training`;
	const loss = lossOverSteps(training);
	const rows = [
		...rowsOf(found.values(), run === undefined),
		...(loss ? ["loss (nats): of tokens that a repeated segment says again"] : []),
	];
	if (out !== undefined) {
		const notes = [...rows, "lift: score − control; bands: 95% intervals"];
		const svg = phaseFigure(training, title, notes);
		const png = extname(out).toLowerCase() === ".png";
		const content = png ? (await import("../../figures/png-node.js")).svgToPng(svg) : svg;
		await writeOutput(out, content, cli.signal);
		if (!cli.options.json) cli.note(`${out}: ${bytes(Buffer.byteLength(content))}`);
	}
	await cli.result(
		(): PhaseResult => {
			const { samples, seed } = found.values().next().value as HeadScores;
			return {
				...{ model: ref, ...(run !== undefined && { run }), samples, seed },
				steps: checkpoints.map(({ step }) => step),
				...(loss && { loss: loss.map(rounded) }),
				scores: Object.fromEntries(
					scoreNames(training).map((name) => [name, numbersOf(overSteps(training, name))]),
				),
				out: out ?? null,
			};
		},
		() =>
			[
				`${title}: the first head of each score's ranking`,
				phaseTable(training),
				rows.map((line) => wrap(line, Math.min(cli.width, 80))).join("\n"),
			].join("\n\n"),
	);
}

function numbersOf(scored: readonly HeadScores[]): PhaseResult["scores"][string] {
	return {
		values: scored.map(({ values }) => roundedGrid(values)),
		...(scored[0]?.control && { control: scored.map(({ control }) => roundedGrid(control ?? [])) }),
		best: scored.flatMap(({ ranking }) => roundedRanking(ranking, 1)),
	};
}
