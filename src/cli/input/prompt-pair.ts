import type { Command } from "commander";
import type { PromptPair } from "../../causal/pair-of.js";
import type { MetricData } from "../../metrics/index.js";
import { UsageError } from "../errors.js";
import { readIds } from "./ids-file.js";
import { type BosOption, withBos } from "./options.js";

/** Two prompts, what is asked of them, and how that is measured. */
export interface PairCommandOptions extends BosOption {
	readonly clean?: string;
	readonly corrupt?: string;
	readonly cleanIds?: string;
	readonly corruptIds?: string;
	readonly answer?: string;
	readonly wrong?: string;
	readonly metric?: string;
}

/** Adds the options of a pair of prompts, as texts or as files of ids. */
export function withPair(command: Command): Command {
	return withBos(
		command
			.option("--clean <text>", "the prompt that gives the answer")
			.option("--corrupt <text>", "the prompt that does not, of as many tokens: the run that is changed")
			.option("--clean-ids <file>", "JSON [batch][pos] of token ids, instead of --clean")
			.option("--corrupt-ids <file>", "JSON [batch][pos] of token ids, instead of --corrupt")
			.option("--answer <token>", "the token that is right after the clean prompt; with ids its id")
			.option("--wrong <token>", "the token that is right after the corrupted prompt; with ids its id")
			.option(
				"--metric <name>",
				"logit-difference, log-probability, or another of headscope's metrics (default: logit-difference)",
			),
	);
}

/**
 * Checks the options against each other and reads their files.
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
