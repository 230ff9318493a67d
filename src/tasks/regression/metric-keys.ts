import type { Estimate, SquaredErrors } from "./estimate.js";

/**
 * How metrics are named. "early": `pretrain/mse`, `pretrain/delta_dmmse`, `pretrain/delta_ridge`, `pretrain/token/k`,
 * the names of October 2023 that the mechanistic interpretability notebook uses. "current": every quantity with
 * its tokens, `pretrain/mse/token/k`, and `pretrain/mse_subsequence`. The same with `true` for `pretrain`.
 */
export type MetricKeys = "early" | "current";

/** The two evaluation batches: tasks of the pre-training distribution, and Gaussian ones. */
export const GROUPS = ["pretrain", "true"] as const;

/** One of the two evaluation batches. */
export type Group = (typeof GROUPS)[number];

/** What is measured on one evaluation batch. */
export interface Measured {
	/** Of the predictions to the targets. */
	readonly mse: SquaredErrors;
	/** Of the predictions to those of dMMSE. */
	readonly deltaDmmse: SquaredErrors;
	/** Of the predictions to those of ridge. */
	readonly deltaRidge: SquaredErrors;
	/** mse over a random number of first examples. */
	readonly subsequence: Estimate;
}

/** The estimates of a batch under their names, in the order of the spelling. */
export function named(group: Group, measured: Measured, keys: MetricKeys): [string, Estimate][] {
	const { mse, deltaDmmse, deltaRidge, subsequence } = measured;
	if (keys === "early") {
		return [
			[`${group}/mse`, mse.all],
			[`${group}/delta_dmmse`, deltaDmmse.all],
			[`${group}/delta_ridge`, deltaRidge.all],
			...tokens(group, mse),
		];
	}
	return [
		[`${group}/mse_subsequence`, subsequence],
		// despite its name a copy of mse, and only there for pretrain: kept so that tables line up
		...(group === "pretrain" ? withTokens(`${group}/mse_subseq`, mse) : []),
		...withTokens(`${group}/mse`, mse),
		...withTokens(`${group}/delta_dmmse`, deltaDmmse),
		...withTokens(`${group}/delta_ridge`, deltaRidge),
	];
}

function tokens(name: string, errors: SquaredErrors): [string, Estimate][] {
	return errors.tokens.map((token, k) => [`${name}/token/${k}`, token]);
}

function withTokens(name: string, errors: SquaredErrors): [string, Estimate][] {
	return [...tokens(name, errors), [name, errors.all]];
}
