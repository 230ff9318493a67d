import { sideBySide } from "../figures/index.js";
import type { Tensor } from "../tensor/index.js";
import { ActivationError } from "./error.js";
import { plotActivations } from "./plot-activations.js";

/** One run of a comparison: a row of the figure. */
export interface ComparedRun {
	/** Such as `M = 64`. */
	readonly name: string;
	/** What the run was given, and its attention there: for each layer [batch, head, query, key]. */
	readonly batches: readonly { readonly name: string; readonly patterns: readonly Tensor[] }[];
}

export interface CompareOptions {
	/** Default "Attention of several runs". */
	readonly title?: string;
	/** Lines under the title. */
	readonly notes?: readonly string[];
}

/**
 * Several runs' attention in one figure: a row for each run, and in it, batch after batch and sample after sample,
 * its layers and heads. All have the same colours.
 * @throws {ActivationError} for no runs and runs with other numbers of samples
 */
export function compareAttention(
	runs: readonly ComparedRun[],
	{ title = "Attention of several runs", notes = [] }: CompareOptions = {},
): string {
	const rows = runs.map((run) =>
		run.batches.flatMap(({ name, patterns }) => plotActivations(patterns, { title: `${run.name}, ${name}` })),
	);
	const count = rows[0]?.length ?? 0;
	if (count === 0 || rows.some((row) => row.length !== count)) {
		throw new ActivationError(
			`compareAttention: ${rows.map((row) => row.length).join(", ") || "no"} samples of the runs, allowed as many of each`,
		);
	}
	return sideBySide({ rows, title, notes });
}
