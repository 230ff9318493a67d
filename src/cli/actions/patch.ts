import { attributionPoints } from "../../causal/attribution-points.js";
import { type Patches, patchActivations } from "../../causal/patch-activations.js";
import { patchFigure } from "../../causal/sweep-figures.js";
import { type Nested, Tensor } from "../../tensor/index.js";
import type { Cli } from "../cli.js";
import type { PatchOptions } from "../commands/patch.js";
import { UsageError } from "../errors.js";
import { rounded } from "../input/score-samples.js";
import { openPair, type PairResult } from "../open/open-pair.js";
import { summaryOf } from "../output/attribution-text.js";
import { patchText } from "../output/patch-text.js";
import { writeFigure } from "../output/write-figure.js";

/** What `headscope patch --json` prints; numbers have 7 significant digits. */
export interface PatchResult extends PairResult {
	readonly metric: string;
	/** The point's short name. */
	readonly at: string;
	/** The metric of both runs: means over rows. */
	readonly clean: number;
	readonly corrupt: number;
	readonly rows: number;
	/** Names of the axes of `values` and `effects`: layer, then pos or query where those are patched one by one, then head or kv_head. */
	readonly axes: readonly string[];
	/** What stands along "layer" and "pos". */
	readonly layers: readonly number[];
	readonly positions?: readonly number[];
	/** The metric of the corrupted run with each patch. */
	readonly values: Nested;
	/** (value - corrupt) / (clean - corrupt); null where both runs are equal. */
	readonly effects: unknown;
}

export async function patch(cli: Cli, ref: string, options: PatchOptions): Promise<void> {
	const { by, out, top = 10, memory } = options;
	const [at] = attributionPoints([options.at], "--at");
	const layers = listOf(options.layers, "--layers");
	const positions = listOf(options.positions, "--positions");
	if (by === "all" && positions) throw new UsageError("--positions goes with --by position");
	await using pair = await openPair(cli, ref, options);
	const { measure, clean, title, about } = pair;
	const found = await patchActivations(measure, {
		clean,
		...(at && { at }),
		...(by && { by }),
		...(layers && { layers }),
		...(positions && { positions, by: "position" }),
		...(memory !== undefined && {
			memory: memory * 1e6,
			onPlan: (passes) => cli.note(`--memory ${memory}: ${passes} ${passes === 1 ? "pass" : "passes"}`),
		}),
		signal: cli.signal,
		onProgress: cli.progress.onStep("Patching"),
	});
	const { tokens } = about;
	const figure = { model: title, tokens: tokens.corrupt };
	const written = out === undefined ? [] : await writeFigure(cli, out, patchFigure(found, figure));
	await cli.result(
		() => resultOf(about, found),
		() => [summaryOf(found, pair), patchText(found, tokens, top), ...written].join("\n\n"),
	);
}

function resultOf({ tokens, ...about }: PairResult, found: Patches): PatchResult {
	const { metric, at, clean, corrupt, rows, layers, positions, values, effects } = found;
	return {
		...about,
		metric,
		at,
		clean: rounded(clean),
		corrupt: rounded(corrupt),
		rows,
		tokens,
		axes: values.axes ?? [],
		layers,
		...(positions && { positions }),
		values: new Tensor("float64", values.shape, values.data.map(rounded)).toNested(),
		// NaN becomes null
		effects: new Tensor("float64", effects.shape, effects.data.map(rounded)).toNested(),
	};
}

function listOf(text: string | undefined, option: string): number[] | undefined {
	return text?.split(",").map((part) => {
		if (!/^-?\d{1,9}$/.test(part.trim()))
			throw new UsageError(`${option}: got "${part}", allowed whole numbers such as 0,3,-1`);
		return Number(part);
	});
}
