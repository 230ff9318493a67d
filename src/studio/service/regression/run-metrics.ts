import { Tensor } from "headscope";
import { type Evaluation, GROUPS, type Run } from "headscope/icl";
import { relativeChange } from "headscope/patching";
import type { MethodContext } from "../method.js";
import type { OpenedStep } from "../open-runs.js";
import { withFitting } from "../refused.js";
import type { RunRequest } from "./look-at-run.js";

/** A metric of the evaluator, with its standard error over the sequences. */
export interface RunMetric {
	/** "pretrain/mse" */
	readonly name: string;
	readonly before: number;
	readonly beforeError: number;
	/** Absent where there are no interventions. */
	readonly after?: number;
	readonly afterError?: number;
	/** (after - before) / before. */
	readonly change?: number;
}

/** The metrics of a checkpoint, in the evaluator's order. */
export interface RunMetrics {
	/** "M=64" */
	readonly run: string;
	readonly step: number;
	readonly metrics: readonly RunMetric[];
}

/** Measures a checkpoint, as it is and as it is changed. What it is without changes is measured once. */
export async function runMetrics(
	given: Omit<RunRequest, "probe">,
	{ state, signal, report }: MethodContext<{ readonly what: string }>,
): Promise<RunMetrics> {
	const opened = await state.runs.at(given.run, given.step);
	await prepare(opened.run, (what) => report({ what }), signal);
	report({ what: "running the evaluation sequences" });
	const before = await unchanged(opened);
	signal.throwIfAborted();
	const { run } = opened;
	// what is left out is told by the look at the same changes
	const { result: after } = await withFitting(given.interventions, async (interventions) => {
		if (interventions.length === 0) return undefined;
		return run.evaluate((xs, ys) => run.model.predict(xs, ys, { interventions }));
	});
	const change = after && relativeChange(before.metrics, after.metrics);
	const metrics = Object.entries(before.metrics).map(([name, value]) => ({
		name,
		before: value,
		beforeError: before.standardErrors[name] as number,
		...(after && { after: after.metrics[name] as number, afterError: after.standardErrors[name] as number }),
		...(change && { change: change[name] as number }),
	}));
	return { run: given.run, step: run.step, metrics };
}

/** The optimal predictors on the evaluation sequences, one batch after the other, so that other calls come in between. */
async function prepare(run: Run, tell: (what: string) => void, signal: AbortSignal): Promise<void> {
	const evaluator = await run.evaluator();
	for (const group of GROUPS) {
		tell(`ridge and dMMSE on the sequences of ${group} tasks`);
		await new Promise((resolve) => setTimeout(resolve));
		signal.throwIfAborted();
		evaluator.baselines(group);
	}
}

function unchanged(opened: OpenedStep): Promise<Evaluation> {
	if (opened.metrics) return opened.metrics;
	const { run } = opened;
	const measured = run.evaluate((xs, ys) => predictInParts(run, xs, ys));
	opened.metrics = measured;
	// a failure is not kept
	measured.catch(() => {
		opened.metrics = undefined;
	});
	return measured;
}

/** Sequences of one run: few, so that a look that somebody waits for comes in between. */
const SEQUENCES = 64;

/** The predictions of a run, which are each sequence's own where nothing is changed. */
async function predictInParts({ model }: Run, xs: Tensor, ys: Tensor): Promise<Tensor> {
	const predictions = new Float32Array(ys.data.length);
	const [sequences = 0] = ys.shape;
	for (let from = 0, at = 0; from < sequences; from += SEQUENCES) {
		const to = Math.min(sequences, from + SEQUENCES);
		const part = await model.predict(xs.slice(0, from, to), ys.slice(0, from, to));
		predictions.set(part.data, at);
		at += part.data.length;
	}
	return new Tensor("float32", ys.shape, predictions);
}
