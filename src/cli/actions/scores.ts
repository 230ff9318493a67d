import { findScore, type RankedHead } from "../../scores/index.js";
import type { Cli } from "../cli.js";
import type { ScoresOptions } from "../commands/scores.js";
import { UsageError } from "../errors.js";
import { checkIds, readIds, readMask } from "../ids-file.js";
import { loadFor } from "../open.js";
import { rankingText, three } from "../ranking-text.js";
import { asUsage, rounded, roundedGrid, roundedRanking, sampleOptions, scoreFor } from "../score-samples.js";
import { wrap } from "../table.js";

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
	const records = new Map(names.map((name) => [name, known(name)]));
	const { ids: idsFile, mask: maskFile, period } = options;
	if (idsFile === undefined && maskFile !== undefined) throw new UsageError("--mask goes with --ids");
	if (idsFile === undefined && period !== undefined) throw new UsageError("--period goes with --ids");
	const clash = (["text", "samples", "n", "bos"] as const).find((name) => options[name] !== undefined);
	if (idsFile !== undefined && clash !== undefined) {
		throw new UsageError(`--${clash} makes samples; --ids takes the tokens as they are`);
	}
	const ids = idsFile === undefined ? undefined : await readIds(idsFile);
	const mask = ids && maskFile !== undefined ? await readMask(maskFile, ids) : undefined;
	const samples = await sampleOptions(options);
	await using model = await loadFor(cli, ref, options, ({ config }) => {
		if (ids) checkIds(idsFile as string, ids, config, ref);
	});
	const found = await scoreFor(cli, model, names, {
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
					const about = `${name}: ${records.get(name)?.doc}. A uniform pattern scores ${three(scored.baseline)}. ${rows}.`;
					return `${wrap(about, Math.min(cli.width, 100))}\n\n${rankingText(scored, options.top ?? 10)}`;
				})
				.join("\n\n"),
	);
}

function known(name: string): ReturnType<typeof findScore> {
	try {
		return findScore(name);
	} catch (error) {
		throw asUsage(error);
	}
}
