import { type G, Trace } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { nearest } from "../hooks/select.js";
import { answerIds } from "../metrics/answers.js";
import type { Model } from "../models/model.js";
import type { ModelInput, Readout, RunOptions } from "../models/run-options.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { atPlaces, choosePlaces, type PlaceOptions } from "./places.js";
import { remembered } from "./remember.js";

/** What a lens may look at in each layer; the stream after the last layer is always looked at. */
export const LENS_POINTS = ["resid_pre", "attn_out", "resid_mid", "mlp_out"] as const;
/** One of `LENS_POINTS`. */
export type LensPoint = (typeof LENS_POINTS)[number];

/** Where a lens looks and what it tells. */
export interface LogitLensOptions extends PlaceOptions {
	/** Default `["resid_pre"]`: the stream before each layer. */
	readonly at?: readonly LensPoint[];
	/** How many of the best tokens are returned. Default 5; 0 for none. */
	readonly top?: number;
	/** A token as text or id, or one for each row: its logit, log-probability and rank. */
	readonly answers?: string | number | readonly (string | number)[];
	/** The same of a wrong answer. */
	readonly wrong?: string | number | readonly (string | number)[];
	/** Return all logits, which are large. Default false; of models without a vocabulary true. */
	readonly logits?: boolean;
	/** What is changed on the way. */
	readonly run?: Omit<RunOptions, "bos" | "mask" | "startAtLayer" | "stopAtLayer" | "logitsAt">;
}

/** A token at each point and place: all [point, batch, scored]. */
export interface LensAnswer {
	/** Of each row. */
	readonly ids: readonly number[];
	readonly logits: Tensor<"float32">;
	/** Natural logarithms. */
	readonly logProbs: Tensor<"float32">;
	/** How many tokens have a higher logit: 0 for the best. */
	readonly ranks: Tensor<"float32">;
}

/** What a model would predict if it ended at each point. */
export interface LogitLens {
	/** Hook points, in the order of the run. */
	readonly points: readonly string[];
	/** The same in short: "0_pre", "0_mid", ..., "final_post", as `accumulatedResid` has them. */
	readonly labels: readonly string[];
	/** [row][scored]: positions among the row's own tokens, padding not counted. */
	readonly positions: readonly (readonly number[])[];
	/** The best tokens, best first: [point, batch, scored, k]. */
	readonly top?: { readonly ids: Tensor<"int32">; readonly logProbs: Tensor<"float32"> };
	readonly answer?: LensAnswer;
	readonly wrong?: LensAnswer;
	/** [point, batch, scored, vocab] */
	readonly logits?: Tensor<"float32">;
}

/**
 * The logit lens (nostalgebraist 2020, "interpreting GPT: the logit lens"): the residual stream before each layer read
 * as if it were the last, logits = unembed(ln_final(stream)). The final norm is computed anew at every point: with the
 * scale of the full run earlier layers would be read at a wrong temperature. It is the model's own norm and
 * unembedding, whatever `run` puts in their place. All of it happens inside the graph: [vocab] stays there unless asked for.
 * @param input text, texts, ids, or for regression models tokens float32 [batch, pos, width], whose logits are predictions
 * @throws {LensError} for points and numbers that are not understood, {MetricError} for an answer of several tokens and
 * positions outside a row
 */
export async function logitLens(
	model: Model,
	input: ModelInput,
	options: LogitLensOptions = {},
): Promise<LogitLens> {
	const vectors = model.family.tokenWidth !== undefined;
	const { top = vectors ? 0 : 5, logits = vectors } = options;
	checkTop(model, top, vectors, options);
	const chosen = lensPoints(model, options.at ?? ["resid_pre"]);
	const { input: rows, mask, positions, feeds } = choosePlaces(model, input, options);
	const batch = positions.length;
	const ids = (["answers", "wrong"] as const).flatMap((key) => {
		const given = options[key];
		return given === undefined ? [] : [answerIds(model, given as never, batch, key)];
	});
	if (options.wrong !== undefined && options.answers === undefined) reject("wrong", "goes with answers");
	const names = chosen.map(({ name }) => name);
	const asked = { names, top, answers: ids.length, logits };
	const readout: Readout = {
		names,
		outputs: remembered(model, ["logit-lens", asked], () => outputsOf(model, asked)),
		feeds: { ...feeds, ...Object.fromEntries(ids.map((of, i) => [answerFeed(i), columnOf(of)])) },
	};
	const found = await model.read(rows, readout, { ...options.run, ...(mask && { mask }) });
	const stack = <T extends Tensor>(key: string): T =>
		stacked(names.map((_, i) => found.get(`${key}.${i}`) as T));
	const answer = (i: number): LensAnswer => ({
		ids: ids[i] as number[],
		logits: stack(`logit${i}`),
		logProbs: stack(`log-prob${i}`),
		ranks: stack(`rank${i}`),
	});
	return {
		points: names,
		labels: chosen.map(({ label }) => label),
		positions,
		...(top > 0 && { top: { ids: stack("top-ids"), logProbs: stack("top-log-probs") } }),
		...(ids.length > 0 && { answer: answer(0) }),
		...(ids.length > 1 && { wrong: answer(1) }),
		...(logits && { logits: stack("logits") }),
	};
}

interface Asked {
	readonly names: readonly string[];
	readonly top: number;
	readonly answers: number;
	readonly logits: boolean;
}

/**
 * Outputs point by point, all of one before the next: the engine computes them in this order, so that the logits of
 * one point are forgotten before those of the next are made.
 */
function outputsOf({ family, config }: Model, { names, top, answers, logits }: Asked): Readout["outputs"] {
	return (get, g) => {
		const outputs: Record<string, Value> = {};
		for (const [i, name] of names.entries()) {
			const all = family.unembed(new Trace(), config, atPlaces(get(name), g)); // [batch, scored, vocab]
			const logProbs = g.logSoftmax(all);
			if (top > 0) {
				const { indices } = g.topK(all, top);
				outputs[`top-ids.${i}`] = indices;
				outputs[`top-log-probs.${i}`] = g.takeAlong(logProbs, indices, 2);
			}
			for (let a = 0; a < answers; a++) {
				const logit = tokenAt(all, a, g);
				const above = g.cast(g.greater(all, logit), "float32");
				outputs[`logit${a}.${i}`] = flat(logit, g);
				outputs[`log-prob${a}.${i}`] = flat(tokenAt(logProbs, a, g), g);
				outputs[`rank${a}.${i}`] = g.sum(above, -1, { keepDims: false });
			}
			if (logits) outputs[`logits.${i}`] = all;
		}
		return outputs;
	};
}

/** The entry of each row's answer: [batch, scored, 1]. */
function tokenAt(values: Value, answer: number, g: G): Value {
	const [batch, scored] = values.shape as [string, string];
	const ids = g.unsqueeze(g.input(answerFeed(answer), "int32", [batch, 1]), 1);
	return g.takeAlong(values, g.expand(ids, [batch, scored, 1]), 2);
}

function flat(value: Value, g: G): Value {
	return g.sum(value, -1, { keepDims: false });
}

function answerFeed(i: number): string {
	return `lens/answer${i}`;
}

function columnOf(ids: readonly number[]): Tensor<"int32"> {
	return new Tensor("int32", [ids.length, 1], Int32Array.from(ids));
}

function stacked<T extends Tensor>(parts: readonly T[]): T {
	const { dtype, shape } = parts[0] as T;
	const all = Tensor.zeros([parts.length, ...shape], dtype);
	for (const [i, { data }] of parts.entries())
		(all.data as Float32Array).set(data as Float32Array, i * data.length);
	return all as T;
}

const SHORT: Readonly<Record<LensPoint, string>> = {
	resid_pre: "pre",
	attn_out: "attn_out",
	resid_mid: "mid",
	mlp_out: "mlp_out",
};

function lensPoints({ config }: Model, at: readonly LensPoint[]): { name: string; label: string }[] {
	const unknown = at.find((point) => !LENS_POINTS.includes(point));
	if (unknown !== undefined) {
		const near = nearest(unknown, LENS_POINTS, 1)[0];
		reject("at", `no point "${unknown}", allowed ${LENS_POINTS.join(", ")}; nearest: ${near}`);
	}
	if (at.length === 0) reject("at", `the list is empty, allowed ${LENS_POINTS.join(", ")}`);
	const inLayer = LENS_POINTS.filter((point) => at.includes(point));
	const layers = Array.from({ length: config.nLayers }, (_, layer) => layer);
	return [
		...layers.flatMap((l) =>
			inLayer.map((p) => ({ name: `blocks.${l}.hook_${p}`, label: `${l}_${SHORT[p]}` })),
		),
		{ name: `blocks.${config.nLayers - 1}.hook_resid_post`, label: "final_post" },
	];
}

function checkTop({ config, name }: Model, top: number, vectors: boolean, options: LogitLensOptions): void {
	if (vectors) {
		const odd = (["top", "answers", "wrong"] as const).find((key) => options[key]);
		if (odd !== undefined) reject(odd, `${name} predicts numbers, not tokens; its logits are predictions`);
		return;
	}
	if (!Number.isInteger(top) || top < 0 || top > config.vocab) {
		reject("top", `got ${top}, allowed whole numbers 0..${config.vocab}`);
	}
}
