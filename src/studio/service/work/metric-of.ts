import type { Model } from "headscope";
import { type Measure, type MeasureOptions, type MetricData, measuring } from "headscope/metrics";
import type * as z from "zod/mini";
import type { metricFields } from "../asked-fields.js";
import { answerId, likeliest, type NamedToken, namedToken } from "./answers.js";

interface GivenMetric {
	readonly metric: z.output<typeof metricFields.metric>;
	readonly answers?: string | number | undefined;
	readonly wrong?: string | number | undefined;
}

/** The tokens a metric asks about, of each row; none for losses. */
export interface AskedTokens {
	readonly answers: readonly NamedToken[];
	readonly wrong: readonly NamedToken[];
}

/** A metric with the tokens that it asks about. */
export interface SweepMeasure extends AskedTokens {
	readonly measure: Measure;
}

/** @throws {Error} for an answer that is not one token, and a metric that does not fit the rows */
export async function measureOf(
	model: Model,
	rows: MeasureOptions,
	data: string | MetricData,
	tokens: readonly number[] = [],
	wrong: readonly number[] = [],
): Promise<SweepMeasure> {
	const named = (ids: readonly number[]): NamedToken[] => ids.map((id) => namedToken(model, id));
	return { measure: await measuring(model, data, rows), answers: named(tokens), wrong: named(wrong) };
}

/** A metric on rows of ids, with the model's own favourites where nothing is asked. */
export async function rowsMeasure(
	model: Model,
	ids: readonly (readonly number[])[],
	given: GivenMetric,
	signal: AbortSignal,
): Promise<SweepMeasure> {
	const { metric, answers, wrong } = given;
	if (metric === "loss" || metric === "induction-loss") return measureOf(model, { ids }, metric);
	const both = metric === "logit-difference";
	const asked = answers === undefined ? undefined : answerId(model, answers, "answers");
	const other = wrong === undefined ? undefined : answerId(model, wrong, "wrong");
	const open = asked === undefined || (both && other === undefined);
	const favourites = open ? await likeliest(model, ids, 2, { signal }) : [];
	const right = ids.map((_, row) => asked ?? (favourites[row]?.[0] as number));
	if (!both) return measureOf(model, { ids }, { kind: metric, answers: right }, right);
	const others = ids.map((_, row) => other ?? (favourites[row]?.find((id) => id !== right[row]) as number));
	return measureOf(model, { ids }, { kind: metric, answers: right, wrong: others }, right, others);
}
