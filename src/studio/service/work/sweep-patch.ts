import { type Model, Tensor } from "headscope";
import {
	type Agreement,
	agreement,
	attributionPatching,
	patchActivations,
	sumPositions,
} from "headscope/causal";
import type { MethodContext } from "../method.js";
import type { PatchSweepParams } from "../methods/sweep-patch.js";
import { type Token, tokenRows } from "../rows.js";
import { answerId, likeliest } from "./answers.js";
import { type AskedTokens, measureOf, type SweepMeasure } from "./metric-of.js";

/** Patches a clean prompt's activations into a corrupted one: what is known while it runs, and when it is done. */
export interface PatchSweep extends AskedTokens {
	readonly metric: string;
	/** What is patched, by its short name: "resid_pre", "z". */
	readonly at: string;
	/** What runs across; of heads `position` says where they were patched, and all positions where it is absent. */
	readonly across: "pos" | "head" | "kv_head";
	readonly position?: number;
	/** The metric of the clean and of the corrupted run. */
	readonly clean: number;
	readonly corrupt: number;
	/** float64 [layer, pos] or [layer, head]: 0 as corrupted, 1 as clean; NaN for cells that are not done. */
	readonly effects: Tensor<"float64">;
	/** The same by attribution patching: a first-order estimate from one run forwards and one backwards. */
	readonly estimate: Tensor<"float64">;
	/** How well the estimate agrees; absent while the sweep runs. */
	readonly agreement?: Agreement;
	readonly tokens: { readonly clean: readonly Token[]; readonly corrupt: readonly Token[] };
	readonly done: number;
	readonly total: number;
	/** An estimate; 0 when it is done. */
	readonly secondsLeft: number;
}

/** Runs a sweep; what it tells on the way is of the same form as its result. */
export async function sweepPatch(
	given: PatchSweepParams,
	{ state, signal, report }: MethodContext<PatchSweep>,
): Promise<PatchSweep> {
	const { model } = state.model(given.model);
	const { at, position } = given;
	const [clean, corrupt, more] = tokenRows(model, given);
	if (!clean || !corrupt || more) throw new Error("prompts: a patch takes two, a clean and a corrupted one");
	const rows = { clean: idsOf(clean), corrupt: idsOf(corrupt) };
	const { measure, answers, wrong } = await pairMeasure(model, rows, given, signal);
	const pair = { clean: [rows.clean] };
	const estimated = await attributionPatching(measure, { ...pair, at: [at], signal });
	const apart = estimated.clean - estimated.corrupt;
	if (apart === 0)
		throw new Error(
			`both prompts give the same ${measure.metric.name}, ${apart}: nothing to bring back; choose another corrupted prompt, or other answers`,
		);
	const [entry] = estimated.points;
	if (!entry) throw new Error(`internal: no estimate at ${at}`);
	const [point, all] = entry;
	const across = (all.axes?.[2] ?? "pos") as PatchSweep["across"];
	const byHead = across !== "pos";
	const placed = byHead ? (position === undefined ? sumPositions(all) : atPosition(all, position)) : all;
	const estimate = scaled(placed, apart);
	const about = {
		...{ metric: measure.metric.name, at: point, across, answers, wrong },
		...(byHead && position !== undefined && { position }),
		...{ clean: estimated.clean, corrupt: estimated.corrupt },
		tokens: { clean, corrupt },
	};
	const effects = new Float64Array(estimate.size).fill(Number.NaN);
	const tell = (done: number, total: number, secondsLeft: number): void => {
		const soFar = new Tensor("float64", estimate.shape, effects.slice(), estimate.axes);
		// what is told is moved, so that each time it must be a copy
		report({ ...about, effects: soFar, estimate: scaled(placed, apart), done, total, secondsLeft });
	};
	tell(0, effects.length, Number.NaN);
	const found = await patchActivations(measure, {
		...pair,
		at,
		...(byHead && position !== undefined && { by: "position" as const, positions: [position] }),
		signal,
		onCells: (cells) => {
			for (const { cell, after, before } of cells) effects[cell] = (after - before) / apart;
		},
		onProgress: tell,
	});
	const measured = found.effects.reshape(estimate.shape, estimate.axes);
	return {
		...about,
		...{ clean: found.clean, corrupt: found.corrupt },
		effects: measured,
		estimate,
		agreement: agreement(estimate, measured),
		...{ done: effects.length, total: effects.length, secondsLeft: 0 },
	};
}

interface Pair {
	readonly clean: readonly number[];
	readonly corrupt: readonly number[];
}

/** The metric on the corrupted row: by default about what each prompt says next. */
async function pairMeasure(
	model: Model,
	{ clean, corrupt }: Pair,
	{ metric, answers, wrong }: PatchSweepParams,
	signal: AbortSignal,
): Promise<SweepMeasure> {
	const rows = { ids: [corrupt] };
	if (metric === "loss" || metric === "induction-loss") return measureOf(model, rows, metric);
	const [[first] = [], [second] = []] = await likeliest(model, [clean, corrupt], 1, { signal });
	const answer = answers === undefined ? first : answerId(model, answers, "answers");
	if (answer === undefined) throw new Error("internal: a row without a likeliest token");
	if (metric === "log-probability")
		return measureOf(model, rows, { kind: metric, answers: answer }, [answer]);
	const other = wrong === undefined ? second : answerId(model, wrong, "wrong");
	if (other === undefined || other === answer)
		throw new Error(
			`both prompts go on with ${JSON.stringify(model.tokenizer?.tokenText(answer) ?? answer)}: choose another corrupted prompt, or a wrong answer`,
		);
	return measureOf(model, rows, { kind: metric, answers: answer, wrong: other }, [answer], [other]);
}

function idsOf(tokens: readonly Token[]): number[] {
	return tokens.map(({ id }) => id);
}

/** [layer, pos, head] at one position: [layer, head]. */
function atPosition(all: Tensor<"float64">, position: number): Tensor<"float64"> {
	const [layers = 0, length = 0, heads = 0] = all.shape;
	if (position >= length) throw new Error(`position: got ${position}, allowed 0..${length - 1}`);
	const { data } = all.slice(1, position, position + 1);
	return new Tensor("float64", [layers, heads], data, ["layer", all.axes?.[2] ?? "head"]);
}

function scaled({ shape, data, axes }: Tensor<"float64">, by: number): Tensor<"float64"> {
	return new Tensor(
		"float64",
		shape,
		data.map((value) => value / by),
		axes,
	);
}
