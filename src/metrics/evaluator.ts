import * as z from "zod/mini";
import { Model } from "../models/model.js";
import { NumpyRandom } from "../random/index.js";
import { type Evaluator, encodeTokens, GROUPS, type Group } from "../tasks/regression/index.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { type BoundMetric, defineMetric, type MeasureOptions } from "./metric.js";
import { refuseOptions } from "./own-sequences.js";
import { rowsOfTensor } from "./tensor-rows.js";

/** Weighted squared errors of the predicted ys: for each row the sum of weight_k (prediction_k - target_k)^2. */
const graph: BoundMetric["graph"] = (get, g, feed) => {
	const predicted = g.slice(get("logits"), 2, 0, 1); // slot 0 holds y: [rows, scored, 1]
	const error = g.sub(predicted, feed("targets", predicted.shape));
	return g.sum(g.mul(g.mul(error, error), feed("weights", predicted.shape)), [1, 2], { keepDims: false });
};

const QUANTITIES = ["mse", "delta_dmmse", "delta_ridge", "mse_subsequence", "mse_subseq"] as const;
type Quantity = (typeof QUANTITIES)[number];

/** Which of the evaluator's numbers is meant. */
interface Chosen {
	readonly group: Group;
	readonly quantity: Quantity;
	/** An example's own, of `token/k`. */
	readonly example: number | undefined;
}

/**
 * A metric of the regression transformers' evaluator by its name in either spelling: `pretrain/mse`, `true/delta_ridge`,
 * `pretrain/token/3`, `true/mse/token/3`, `pretrain/mse_subsequence`; without the group that of the pre-training tasks.
 * A row is a sequence of the evaluator's batch, so that the mean over rows is the evaluator's own number.
 */
export const evaluator = defineMetric({
	kind: "evaluator",
	doc: "a metric of a regression run's evaluator: mse, delta_dmmse, delta_ridge, token/k, ..., of pretrain/ or true/ tasks",
	schema: z.strictObject({
		kind: z.literal("evaluator"),
		/** Such as "pretrain/mse". */
		metric: z.string(),
		/** Of mse_subsequence: seed of the lengths. Default 0. */
		subsequenceSeed: z.optional(z.int().check(z.nonnegative())),
	}),
	of: ["regression"],
	examples: [
		{ data: { kind: "evaluator", metric: "pretrain/mse" } },
		{ data: { kind: "evaluator", metric: "true/delta_ridge" }, rows: { samples: 5 } },
		{ data: { kind: "evaluator", metric: "pretrain/token/2" } },
		{ data: { kind: "evaluator", metric: "true/mse_subsequence", subsequenceSeed: 1 } },
	],
	fromText: (mode, place, name) => {
		const metric = name === "evaluator" ? mode : mode === undefined ? name : undefined;
		const fits = metric !== undefined && place === undefined && chosenBy(metric) !== undefined;
		return fits ? { kind: "evaluator" as const, metric } : undefined;
	},
	measure: async ({ metric: name, subsequenceSeed = 0 }, { of, options, where }) => {
		if (of instanceof Model) reject(where, `"${name}" is of regression runs; this is a language model`);
		const chosen = chosenBy(name);
		if (!chosen)
			reject(
				where,
				`no metric "${name}", allowed [pretrain/ or true/] ${QUANTITIES.join(", ")}, with /token/k`,
			);
		const { group, quantity, example } = chosen;
		const evaluates = await of.evaluator();
		const { xs, ys } = evaluates.batches[group];
		const [batch, examples] = ys.shape as [number, number, number];
		const rows = rowCount(options, batch, where);
		if (example !== undefined && example >= examples) {
			reject(where, `no example ${example}, allowed 0..${examples - 1}`);
		}
		const scored = example === undefined ? [...Array(examples).keys()] : [example];
		const wanted = targets(evaluates, group, quantity);
		const weights = Tensor.zeros([rows, scored.length, 1]);
		const lengths =
			quantity === "mse_subsequence" ? subsequenceLengths(evaluates, group, subsequenceSeed) : undefined;
		for (let r = 0; r < rows; r++) {
			const length = lengths?.[r] ?? scored.length;
			weights.data.fill(1 / length, r * scored.length, r * scored.length + length);
		}
		const metric = {
			name: `${group}/${name.replace(`${group}/`, "")}`,
			doc: `mean squared error of the predicted ys (${quantity})`,
			rows,
			names: [],
			// the prediction of y_k stands at the token of x_k
			at: Array.from({ length: rows }, () => scored.map((k) => 2 * k)),
			graph,
			feeds: { targets: examplesOf(rowsOfTensor(wanted, 0, rows), scored), weights },
		};
		return { model: of.model.model, input: rowsOfTensor(encodeTokens(xs, ys), 0, rows), metric };
	},
});

/** What a name means; undefined for none. */
function chosenBy(name: string): Chosen | undefined {
	const parts = name.split("/");
	const named = GROUPS.find((one) => one === parts[0]);
	if (named) parts.shift();
	const group = named ?? "pretrain";
	// the early spelling has token/k of mse alone
	const quantity = parts[0] === "token" ? "mse" : QUANTITIES.find((one) => one === parts[0]);
	const [token, example, ...more] = parts[0] === "token" ? parts : parts.slice(1);
	if (!quantity || more.length > 0) return undefined;
	// despite its name a copy of mse, which there is for one group only
	if (quantity === "mse_subseq" && group !== "pretrain") return undefined;
	if (token === undefined) return { group, quantity, example: undefined };
	if (token !== "token" || quantity === "mse_subsequence" || !/^\d{1,6}$/.test(example ?? ""))
		return undefined;
	return { group, quantity, example: Number(example) };
}

/** The tasks that a metric of the evaluator is about: those of pre-training where its name does not say. */
export function groupOf(name: string): Group {
	return chosenBy(name)?.group ?? "pretrain";
}

/** How many sequences are used: all, or the first `samples`. */
function rowCount(options: MeasureOptions, batch: number, where: string): number {
	const { samples = batch } = options;
	// a seed is of rows that are drawn, of other metrics of the same experiment
	refuseOptions(options, ["samples", "seed"], where);
	if (!Number.isSafeInteger(samples) || samples < 1 || samples > batch) {
		reject(where, `samples ${samples}, allowed 1..${batch}, the evaluator's sequences`);
	}
	return samples;
}

/** What predictions are held against: [batch, example, 1]. */
function targets(of: Evaluator, group: Group, quantity: Quantity): Tensor<"float32"> {
	if (quantity === "delta_dmmse") return of.baselines(group).dmmse.predictions;
	if (quantity === "delta_ridge") return of.baselines(group).ridge.predictions;
	return of.batches[group].ys.to("float32");
}

/** The lengths of the subsequence metric, drawn group after group as the evaluator does. */
function subsequenceLengths(of: Evaluator, group: Group, seed: number): Int32Array {
	const random = new NumpyRandom(seed);
	for (const one of GROUPS) {
		const [batch, examples] = of.batches[one].ys.shape as [number, number, number];
		const lengths = random.integers(batch, 1, examples + 1);
		if (one === group) return Int32Array.from(lengths);
	}
	return reject("evaluator", `internal: no group ${group}`);
}

/** The chosen examples of [rows, example, 1]. */
function examplesOf(tensor: Tensor<"float32">, chosen: readonly number[]): Tensor<"float32"> {
	const [rows, examples] = tensor.shape as [number, number, number];
	const data = Float32Array.from({ length: rows * chosen.length }, (_, i) => {
		const row = Math.floor(i / chosen.length);
		return tensor.data[row * examples + (chosen[i % chosen.length] as number)] as number;
	});
	return new Tensor("float32", [rows, chosen.length, 1], data);
}
