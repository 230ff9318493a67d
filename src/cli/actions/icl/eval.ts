import { RegressionModel, regressionConfig } from "../../../models/regression/index.js";
import { readState } from "../../../runs/read-state.js";
import { oneCheckpoint, readRunFile } from "../../../runs/run-folder-node.js";
import {
	type Evaluation,
	type EvaluationBatch,
	Evaluator,
	fromTable,
} from "../../../tasks/regression/index.js";
import type { Tensor } from "../../../tensor/index.js";
import { runData } from "../../../train/run-data.js";
import { readSafetensors } from "../../../weights/index.js";
import type { Cli } from "../../cli.js";
import type { EvalOptions } from "../../commands/icl/eval.js";
import { UsageError } from "../../errors.js";
import { readBytes } from "../../input/read-file.js";
import { openRun } from "../../open/open-run.js";
import { table } from "../../output/table.js";

/** What `headscope icl eval RUN --json` prints. */
export interface EvalResult {
	readonly run: string;
	readonly step: number;
	readonly metrics: Evaluation["metrics"];
	readonly standardErrors: Evaluation["standardErrors"];
}

/** What `headscope icl eval --weights ... --json` prints. */
export interface WeightsEvalResult {
	/** [batch][example] */
	readonly predictions: readonly (readonly number[])[];
	readonly metrics: Evaluation["metrics"];
}

export async function evaluate(cli: Cli, ref: string | undefined, options: EvalOptions): Promise<void> {
	const { weights, inputs, config } = options;
	if (weights === undefined && inputs === undefined) {
		if (ref === undefined)
			throw new UsageError("no run; give a run such as M=64, or --weights, --config and --inputs");
		return evaluateRun(cli, ref, options);
	}
	if (ref !== undefined)
		throw new UsageError(`--weights takes the place of a run, got ${ref} too; give one of them`);
	if (weights === undefined || inputs === undefined || config === undefined) {
		throw new UsageError("--weights, --config and --inputs go together; give all three");
	}
	return evaluateWeights(cli, { ...options, weights, inputs, config });
}

async function evaluateRun(cli: Cli, ref: string, options: EvalOptions): Promise<void> {
	await using run = await openRun(cli, ref, options);
	const { metrics, standardErrors } = await run.evaluate(run.model, metricOptions(options));
	await cli.result(
		(): EvalResult => ({ run: run.name, step: run.step, metrics, standardErrors }),
		() =>
			`${run.name}, step ${run.step}, ${run.config.eval_batch_size} sequences of each kind\n\n${metricTable({ metrics, standardErrors })}`,
	);
}

async function evaluateWeights(
	cli: Cli,
	options: EvalOptions & Readonly<Record<"weights" | "inputs" | "config", string>>,
): Promise<void> {
	const { weights, inputs, config, threads } = options;
	const run = await readRunFile(config);
	const given = (await readSafetensors(await readBytes(inputs), inputs)).tensors;
	const tensor = (name: string): Tensor => given.get(name) ?? missing(inputs, name, given);
	const batch = (xs: string, ys: string): EvaluationBatch => ({ xs: tensor(xs), ys: tensor(ys) });
	const { xs, ys } = batch("xs", "ys");
	const tasks = given.get("tasks");
	const evaluator = new Evaluator(
		{
			prior: tasks ? fromTable(tasks) : runData(run.config).pretrain.prior,
			noiseVariance: run.config.task_config.noise_variance,
		},
		{ pretrain: batch("pretrain_xs", "pretrain_ys"), true: batch("true_xs", "true_ys") },
	);
	const checkpoint = await oneCheckpoint(weights);
	const state = await readState(await checkpoint.load(Number.NaN));
	await using model = await RegressionModel.fromStateDict(regressionConfig(run.config.task_config), state, {
		name: weights,
		engineOptions: threads === undefined ? {} : { threads },
	});
	const predictions = await model.predict(xs, ys);
	const evaluation = await evaluator.evaluate((x, y) => model.predict(x, y), metricOptions(options));
	await cli.result(
		(): WeightsEvalResult => ({ predictions: rows(predictions), metrics: evaluation.metrics }),
		() => metricTable(evaluation),
	);
}

function metricOptions({ keys, seed }: EvalOptions): { keys: EvalOptions["keys"]; subsequenceSeed: number } {
	return { keys, subsequenceSeed: seed };
}

function missing(file: string, name: string, given: ReadonlyMap<string, Tensor>): never {
	const there = [...given.keys()].slice(0, 20).join(", ");
	throw new UsageError(
		`${file}: has no tensor "${name}"; needed are xs, ys, pretrain_xs, pretrain_ys, true_xs, true_ys; there are ${there}`,
	);
}

/** [batch, example, 1] as numbers [batch][example]. */
function rows({ data, shape }: Tensor<"float32">): number[][] {
	const [batch, examples] = shape as [number, number, number];
	return Array.from({ length: batch }, (_, b) => [...data.subarray(b * examples, (b + 1) * examples)]);
}

/** A line for each metric: its value and how far it may be off. */
function metricTable({ metrics, standardErrors }: Evaluation): string {
	return table(
		[{ title: "METRIC" }, { title: "VALUE", right: true }, { title: "± STANDARD ERROR", right: true }],
		Object.entries(metrics).map(([name, value]) => [
			name,
			value.toPrecision(4),
			`± ${(standardErrors[name] ?? Number.NaN).toPrecision(2)}`,
		]),
	);
}
