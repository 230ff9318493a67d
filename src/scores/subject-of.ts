import type { Model } from "../models/model.js";
import type { ModelInput } from "../models/run-options.js";
import { Random } from "../tensor/index.js";
import { type RegressionHeads, regressionSubject } from "./regression/subject.js";
import type { SampleKind } from "./score.js";
import { languageSubject } from "./sources.js";
import type { SampleOptions, Subject } from "./subject.js";

/** What has heads to be scored: a language model, or a run of in-context regression. */
export type HeadsOf = Model | RegressionHeads;

/** A model or run as scores see it. @throws {TaskError} for samples that cannot be made */
export function subjectOf(of: HeadsOf, options: SampleOptions): Subject {
	return "pretrainDist" in of ? regressionSubject(of, options) : languageSubject(of, options);
}

/** The first row that a score is computed on with these options, such as a figure shows. */
export function exampleRow(
	of: HeadsOf,
	kind: SampleKind,
	options: SampleOptions,
): { readonly input: ModelInput; readonly tokens: readonly string[] } {
	const source = subjectOf(of, options).source(kind);
	const samples = source.task.draw(new Random(options.seed ?? 0), 1);
	const tokens = samples.ids[0]?.map((id) => source.tokenText(id)) ?? [];
	return { input: source.input(samples.ids, samples), tokens };
}
