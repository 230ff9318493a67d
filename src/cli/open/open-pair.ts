import { CORRUPTIONS, type Corruption, type RunPair } from "../../causal/index.js";
import { type PairOptions, pairOf } from "../../causal/pair-of.js";
import type { Measure } from "../../metrics/index.js";
import type { Model } from "../../models/model.js";
import type { Run } from "../../runs/run.js";
import { tokenNames } from "../../tasks/regression/index.js";
import type { Tensor } from "../../tensor/index.js";
import type { Cli } from "../cli.js";
import { UsageError } from "../errors.js";
import type { PairCommandOptions } from "../input/pair-options.js";
import { readPair } from "../input/prompt-pair.js";
import { prepareOutput } from "../output/output.js";
import { isRun, openHeads } from "./open-heads.js";
import { type RunResult, runResult } from "./run-result.js";

/** The tokens of the first row, as text; of regression runs their names. */
interface PairTokens {
	readonly clean: readonly string[];
	readonly corrupt: readonly string[];
}

/** What results say of a pair, beside the metric of both sides. */
export interface PairResult {
	readonly model: string;
	/** Of a regression run: which checkpoint, and how its rows were corrupted. */
	readonly run?: RunResult & { readonly corruption: Corruption; readonly seed: number };
	readonly tokens: PairTokens;
}

/** Clean rows and a measure of the corrupted ones. To be disposed of. */
export interface OpenPair extends AsyncDisposable {
	readonly measure: Measure;
	readonly clean: Measure["input"];
	/** What the reader knows the model by, of a run with the checkpoint's step. */
	readonly title: string;
	readonly about: PairResult;
	/** What is clean and what corrupted, a line each. */
	readonly lines: readonly string[];
}

/**
 * Opens a language model with its prompts, or a regression run with its evaluator's sequences. Options are checked, and
 * that the figure can be written, before anything is loaded.
 * @throws {UsageError}
 */
export async function openPair(cli: Cli, ref: string, options: PairCommandOptions): Promise<OpenPair> {
	const asked: PairOptions = (await isRun(ref, options))
		? readRunPair(ref, options)
		: await readPrompts(ref, options);
	if (options.out !== undefined) await prepareOutput(options.out, [".svg", ".png"]);
	const opened = await openHeads(cli, ref, options);
	try {
		const pair = await pairOf(opened.run ?? opened.model, asked);
		const described = opened.run
			? describeRun(ref, opened.run, pair.measure, asked as RunPair)
			: describePrompts(ref, opened.model, pair);
		return {
			...pair,
			...described,
			title: opened.title,
			[Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
		};
	} catch (error) {
		await opened[Symbol.asyncDispose]();
		throw error;
	}
}

function readPrompts(ref: string, options: PairCommandOptions): Promise<PairOptions> {
	const odd = (["samples", "seed"] as const).find((name) => options[name] !== undefined);
	if (odd !== undefined) throw new UsageError(`--${odd} is about regression runs; ${ref} is none`);
	return readPair(options);
}

const OF_PROMPTS = {
	clean: "--clean",
	cleanIds: "--clean-ids",
	corruptIds: "--corrupt-ids",
	answer: "--answer",
	wrong: "--wrong",
	bos: "--bos",
} as const satisfies Partial<Record<keyof PairCommandOptions, string>>;

function readRunPair(ref: string, options: PairCommandOptions): RunPair {
	const { corrupt = "tasks", metric, samples, seed = 0 } = options;
	const odd = (Object.keys(OF_PROMPTS) as (keyof typeof OF_PROMPTS)[]).find(
		(name) => options[name] !== undefined,
	);
	if (odd !== undefined) {
		throw new UsageError(
			`${OF_PROMPTS[odd]} goes with language models; ${ref} is a run, whose clean rows are its evaluator's sequences`,
		);
	}
	const corruption = CORRUPTIONS.find((known) => known === corrupt);
	if (corruption === undefined) {
		throw new UsageError(`--corrupt: got "${corrupt}", allowed for a run ${CORRUPTIONS.join(", ")}`);
	}
	return {
		corrupt: corruption,
		seed,
		...(metric !== undefined && { metric }),
		...(samples !== undefined && { samples }),
	};
}

type Described = Pick<OpenPair, "about" | "lines">;

function describeRun(
	ref: string,
	run: Run,
	{ input, metric }: Measure,
	{ corrupt: corruption = "tasks", seed = 0 }: RunPair,
): Described {
	const names = tokenNames(input.shape[1] as number);
	const rows = metric.rows === 1 ? "the first sequence" : `the first ${metric.rows} sequences`;
	const how =
		corruption === "tasks"
			? "with y of another row's task"
			: "with each y that of another example of the row";
	return {
		about: {
			model: ref,
			run: { ...runResult(run), corruption, seed },
			tokens: { clean: names, corrupt: names },
		},
		lines: [
			`clean    ${rows} of the run's evaluator`,
			`corrupt  the same x ${how}, seed ${seed}; errors are from the clean targets`,
		],
	};
}

function describePrompts(
	ref: string,
	model: Model,
	{ measure, clean }: { measure: Measure; clean: Tensor },
): Described {
	const tokens = { clean: firstTexts(model, clean), corrupt: firstTexts(model, measure.input) };
	const { rows } = measure.metric;
	const more = rows > 1 ? ` (the first of ${rows} rows)` : "";
	return {
		about: { model: ref, tokens },
		lines: [`clean    ${shownTokens(tokens.clean)}${more}`, `corrupt  ${shownTokens(tokens.corrupt)}`],
	};
}

/** The texts of the first row's tokens, ids [batch, pos]; ids that the tokenizer lacks as "#45". */
function firstTexts({ tokenizer }: Model, rows: Tensor): string[] {
	const [first = []] = rows.toNested() as number[][];
	return first.map((id) => (tokenizer && id < tokenizer.vocabSize ? tokenizer.tokenText(id) : `#${id}`));
}

/** Tokens with bars between them, so that spaces can be told apart. */
function shownTokens(tokens: readonly string[]): string {
	return tokens.join("|").replaceAll("\n", "\\n");
}
