import type { PromptPair } from "../../causal/pair-of.js";
import type { MetricData } from "../../metrics/index.js";
import { UsageError } from "../errors.js";
import { readIds } from "./ids-file.js";
import type { PairCommandOptions } from "./pair-options.js";

/**
 * Two prompts and what is asked of them: checks the options against each other and reads their files.
 * @throws {UsageError}
 */
export async function readPair(options: PairCommandOptions): Promise<PromptPair> {
	const { clean, corrupt, cleanIds, corruptIds, bos } = options;
	const texts = clean !== undefined || corrupt !== undefined;
	const files = cleanIds !== undefined || corruptIds !== undefined;
	if (texts && files)
		throw new UsageError("--clean and --corrupt, or --clean-ids and --corrupt-ids: give one pair");
	if (texts) {
		if (clean === undefined || corrupt === undefined) {
			throw new UsageError("--clean and --corrupt go together; give both prompts");
		}
		if (clean === "" || corrupt === "") {
			throw new UsageError(`--${clean === "" ? "clean" : "corrupt"}: the text is empty`);
		}
		return { clean, corrupt, metric: answerMetric(options, false), ...(bos !== undefined && { bos }) };
	}
	if (cleanIds === undefined || corruptIds === undefined) {
		throw new UsageError(
			'no prompts; give --clean "..." and --corrupt "...", or --clean-ids and --corrupt-ids',
		);
	}
	if (bos !== undefined) throw new UsageError("--bos and --no-bos go with texts; ids are taken as they are");
	return {
		clean: await readIds(cleanIds),
		corrupt: await readIds(corruptIds),
		metric: answerMetric(options, true),
	};
}

/** Metrics that ask for the answer alone. */
const OF_ANSWER = ["log-probability", "rank"];

/**
 * A metric with the tokens that it is about.
 * @param ids tokens are given as ids and not as text
 * @throws {UsageError} for a token that is missing, or one that the metric is not about
 */
export function answerMetric(
	{
		metric = "logit-difference",
		answer,
		wrong,
	}: { readonly [K in "metric" | "answer" | "wrong"]?: string | undefined },
	ids: boolean,
): string | MetricData {
	const needed = { answer, wrong } as const;
	const token = (name: keyof typeof needed): string | number => {
		const text = needed[name];
		if (text === undefined) throw new UsageError(`--metric ${metric} needs --${name}: the token it is about`);
		if (!ids) return text;
		if (!/^\d{1,9}$/.test(text))
			throw new UsageError(`--${name}: got "${text}"; with ids it is a token's id`);
		return Number(text);
	};
	if (metric === "logit-difference") {
		return { kind: metric, answers: token("answer"), wrong: token("wrong") };
	}
	const given = (["wrong", "answer"] as const).find((name) => needed[name] !== undefined);
	if (OF_ANSWER.includes(metric)) {
		if (wrong !== undefined) throw new UsageError(`--wrong goes with logit-difference, not with ${metric}`);
		return { kind: metric as "log-probability", answers: token("answer") };
	}
	if (given) throw new UsageError(`--${given} goes with metrics of answers, not with ${metric}`);
	return metric;
}
