import type { Samples, TokenRange } from "../tasks/index.js";
import { Random } from "../tensor/index.js";
import { rowsOf, ScoreError } from "./row.js";
import type { HeadScore } from "./score.js";

/**
 * The paired control of samples: in each row the tokens whose attention is scored are replaced by tokens of
 * `range` that do not occur in it, all different as far as the range has enough of them.
 * @param seeds one for each row, so that a row's control depends on nothing else
 */
export function controlOf(
	score: HeadScore,
	samples: Samples,
	range: TokenRange,
	seeds: readonly number[],
): Samples {
	const { rows } = rowsOf(samples);
	const ids = samples.ids.map((original, r) => {
		const row = rows[r] as (typeof rows)[number];
		const queries = score.queries(row);
		const taken = new Set(original);
		if (range.bosId !== undefined) taken.add(range.bosId);
		const fresh = unusedTokens(new Random(seeds[r] as number), queries.length, range, taken);
		if (fresh.length === 0) {
			throw new ScoreError(
				`${score.name}: row ${r} holds every token id of ${range.low}..${range.high - 1}, so none is left for its control`,
			);
		}
		const out = [...original];
		for (const [i, query] of queries.entries()) {
			out[row.places[query] as number] = fresh[i % fresh.length] as number;
		}
		return out;
	});
	return { ...samples, ids };
}

/** Up to `count` different ids of a range that are not taken. */
function unusedTokens(
	random: Random,
	count: number,
	{ low, high }: TokenRange,
	taken: ReadonlySet<number>,
): number[] {
	const room = high - low - [...taken].filter((id) => id >= low && id < high).length;
	return random.distinct(Math.min(count, Math.max(0, room)), low, high, taken);
}
