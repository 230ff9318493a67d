import type { G } from "../graph/trace.js";
import type { Value } from "../graph/value.js";
import { nearest } from "../hooks/select.js";
import { answerIds } from "../metrics/answers.js";
import type { Model } from "../models/model.js";
import type { ModelInput, Readout, RunOptions } from "../models/run-options.js";
import { findUsual, usualValue } from "../models/weight-layout.js";
import { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { type Group, type Part, streamGroups, UNITS, type Unit } from "./parts.js";
import { atPlaces, choosePlaces, type PlaceOptions } from "./places.js";
import { remembered } from "./remember.js";

/** Which logit is taken apart, where, and into what. */
export interface DirectAttributionOptions extends PlaceOptions {
	/** The token whose logit is taken apart, as text or id, or one for each row. Of regression models: which output, default 0. */
	readonly answers?: string | number | readonly (string | number)[];
	/** Take its logit minus that of these instead. */
	readonly wrong?: string | number | readonly (string | number)[];
	/**
	 * Parts: "component" (embedding, each attention layer, each MLP), "head" (heads in place of attention layers) or
	 * "neuron" (neurons in place of MLPs). Default "component".
	 */
	readonly by?: Unit;
	/** How many neurons are told one by one; the others of a layer are one part. Default 20. */
	readonly neurons?: number;
	/** What is changed on the way. */
	readonly run?: Omit<RunOptions, "bos" | "mask" | "startAtLayer" | "stopAtLayer" | "logitsAt">;
}

/** A logit, or a difference of two, as a sum of what every part wrote. */
export interface DirectAttribution {
	readonly parts: readonly Part[];
	/** [part, batch, scored] */
	readonly values: Tensor<"float32">;
	/** What is taken apart, as the run has it: [batch, scored]. Where logits are capped (Gemma 2) it is what is capped. */
	readonly total: Tensor<"float32">;
	/**
	 * `total` minus the sum of all parts: [batch, scored]. 0 but for rounding, unless `run` changes the stream itself
	 * (at resid_pre, say) or the final norm, which no part did.
	 */
	readonly remainder: Tensor<"float32">;
	/** [row][scored]: positions among the row's own tokens, padding not counted. */
	readonly positions: readonly (readonly number[])[];
}

/**
 * Direct logit attribution (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"): the residual
 * stream is a sum, and with the final norm's scale s kept as it was in this run the logits are linear in it. A part c
 * adds c . v / s, where v = w * (W_U[answer] - W_U[wrong]), minus its mean for LayerNorm, which centres the stream.
 * Attention layers and MLPs count with their output biases, heads and neurons without: those are parts then. Where a norm
 * stands behind attention or MLP, a head or neuron counts with that norm's weight and the scale it had in this run. The final
 * norm's bias and the unembedding's are parts always. Default position: the last.
 * @throws {LensError} for options that are not understood, {MetricError} for an answer of several tokens and positions
 * outside a row
 */
export async function directAttribution(
	model: Model,
	input: ModelInput,
	options: DirectAttributionOptions = {},
): Promise<DirectAttribution> {
	const { by = "component", neurons = 20 } = options;
	if (!UNITS.includes(by))
		reject("by", `no unit "${by}", allowed ${UNITS.join(", ")}; nearest: ${nearest(by, UNITS, 1)}`);
	if (!Number.isInteger(neurons) || neurons < 0)
		reject("neurons", `got ${neurons}, allowed whole numbers from 0`);
	const answers = options.answers ?? (model.family.tokenWidth ? 0 : undefined);
	if (answers === undefined) reject("answers", "needs the token whose logit is taken apart");
	const {
		input: rows,
		mask,
		positions,
		places,
		feeds,
	} = choosePlaces(model, input, { positions: -1, ...options });
	const batch = positions.length;
	const ids = [answers, ...(options.wrong === undefined ? [] : [options.wrong])].map((given, i) =>
		answerIds(model, given as never, batch, i === 0 ? "answers" : "wrong"),
	);
	const groups = streamGroups(model, by);
	const hasNorm = isNormed(model);
	const capped = isCapped(model);
	const names = [
		...groups.flatMap(({ source }) => [
			...(source.from === "bias" ? [] : [source.name]),
			...(source.norm ? [`${source.norm}.hook_scale`] : []),
		]),
		...(hasNorm ? ["ln_final.hook_scale"] : []),
		...(capped ? ["ln_final.hook_normalized"] : []),
	];
	const readout: Readout = {
		names: [...new Set(names)],
		outputs: remembered(model, ["direct-attribution", by, ids.length], () =>
			outputsOf(model, groups, ids.length),
		),
		feeds: { ...feeds, ...Object.fromEntries(ids.map((of, i) => [feedOf(i), Tensor.from(of, "int32")])) },
	};
	const found = await model.read(rows, readout, { ...options.run, logitsAt: places, ...(mask && { mask }) });
	const biases = ["ln_final.b", "unembed.b_U"].filter((name) => model.usualWeights().has(name));
	const columns = [
		...groups.flatMap(({ parts }, i) => columnsOf(parts, found.get(`group${i}`) as Tensor)),
		...biases.flatMap((name) => columnsOf([{ label: name, kind: "bias" }], found.get(name) as Tensor)),
	];
	const kept = by === "neuron" ? foldNeurons(columns, neurons) : columns;
	const total = found.get("total") as Tensor<"float32">;
	const remainder = total.data.map((value, i) =>
		columns.reduce((left, column) => left - (column.values[i] as number), value),
	);
	return {
		parts: kept.map(({ part }) => part),
		values: new Tensor("float32", [kept.length, ...total.shape], flatten(kept.map(({ values }) => values))),
		total,
		remainder: new Tensor("float32", total.shape, remainder),
		positions,
	};
}

function feedOf(i: number): string {
	return `lens/direction${i}`;
}

/** Each group's attribution and the final biases' [batch, scored, part], and the logit itself [batch, scored]. */
function outputsOf(model: Model, groups: readonly Group[], answers: number): Readout["outputs"] {
	const weights = model.usualWeights();
	const hasNorm = isNormed(model);
	const { centred } = model;
	const at = (name: string, ...axes: Parameters<typeof usualValue>[1][]): Value =>
		usualValue(findUsual(weights, name), ...axes);
	return (get, g) => {
		const logits = get("logits"); // [batch, scored, vocab]
		const [batch, scored] = logits.shape as [string, string];
		const ids = Array.from({ length: answers }, (_, i) => g.input(feedOf(i), "int32", [batch]));
		const pick = (table: Value): Value => {
			const [answer, wrong] = ids.map((of) => g.gather(table, of));
			return wrong ? g.sub(answer as Value, wrong) : (answer as Value);
		};
		const unembedding = pick(at("unembed.W_U", ["vocab", "d_model"])); // [batch, d_model]
		const direction = directionOf(
			unembedding,
			weights.has("ln_final.w") ? at("ln_final.w") : undefined,
			centred,
			g,
		);
		/** The same number at each place: [batch, 1] to [batch, scored, 1]. */
		const everywhere = (value: Value): Value => g.expand(g.unsqueeze(value, 1), [batch, scored, 1]);
		/** What a source adds along the direction: [batch, scored, part]. */
		const written = (source: Group["source"]): Value => {
			if (!source.norm) return along(source, direction);
			// a norm behind attention or MLP is linear too, with its scale as it was in this run
			const gained = along(source, g.mul(direction, at(`${source.norm}.w`)));
			return g.div(gained, atPlaces(get(`${source.norm}.hook_scale`), g));
		};
		const along = (source: Group["source"], direction: Value): Value => {
			if (source.from === "bias") return everywhere(g.sum(g.mul(direction, at(source.name)), -1));
			const value = atPlaces(get(source.name), g);
			if (source.from === "neurons") {
				const reads = g.matmul(direction, at(source.matrix), { transposeB: true }); // [batch, d_mlp]
				return g.mul(value, g.unsqueeze(reads, 1));
			}
			if (value.rank === 3) return g.matmul(value, g.unsqueeze(direction, 2)); // [batch, scored, 1]
			const perHead = g.mul(value, g.unsqueeze(direction, 1, 2)); // [batch, scored, head, d_model]
			return g.sum(perHead, -1, { keepDims: false });
		};
		const outputs: Record<string, Value> = {};
		for (const [i, { source, factor }] of groups.entries()) {
			const weighted = g.mul(written(source), factor);
			outputs[`group${i}`] = hasNorm ? g.div(weighted, get("ln_final.hook_scale")) : weighted;
		}
		if (weights.has("ln_final.b"))
			outputs["ln_final.b"] = everywhere(g.sum(g.mul(unembedding, at("ln_final.b")), -1));
		if (weights.has("unembed.b_U"))
			outputs["unembed.b_U"] = everywhere(g.unsqueeze(pick(at("unembed.b_U")), 1));
		outputs.total = isCapped(model)
			? g.sum(g.mul(get("ln_final.hook_normalized"), g.unsqueeze(direction, 1)), -1, { keepDims: false })
			: pickLogits(logits, ids, g);
		return outputs;
	};
}

/** Whether there is a final norm, which may have no weight. */
function isNormed(model: Model): boolean {
	return model.hookPoints().some(({ name }) => name === "ln_final.hook_scale");
}

/** Whether logits are no sum of what was written, but a bounded function of it. */
function isCapped({ family, config }: Model): boolean {
	return family.logitCap?.(config) !== undefined;
}

/** What a stream is multiplied with before it is divided by the scale: [batch, d_model]. */
function directionOf(unembedding: Value, gain: Value | undefined, centred: boolean, g: G): Value {
	const weighted = gain ? g.mul(unembedding, gain) : unembedding;
	// v . (x - mean x) is (v - mean v) . x
	return centred ? g.sub(weighted, g.mean(weighted, -1)) : weighted;
}

/** The answers' logits, or the difference: [batch, scored]. */
function pickLogits(logits: Value, ids: readonly Value[], g: G): Value {
	const [batch, scored] = logits.shape as [string, string];
	const [answer, wrong] = ids.map((of) => {
		const index = g.expand(g.unsqueeze(of, 1, 2), [batch, scored, 1]);
		return g.sum(g.takeAlong(logits, index, 2), -1, { keepDims: false });
	});
	return wrong ? g.sub(answer as Value, wrong) : (answer as Value);
}

/** A part's numbers, entry row * scored + place. */
interface Column {
	readonly part: Part;
	readonly values: Float32Array;
}

/** The last axis of [batch, scored, part] apart. */
function columnsOf(parts: readonly Part[], { data }: Tensor): Column[] {
	const count = parts.length;
	return parts.map((part, i) => ({
		part,
		values: Float32Array.from({ length: data.length / count }, (_, k) => Number(data[k * count + i])),
	}));
}

/** Keeps the neurons that matter most on average; the others of a layer become one part. */
function foldNeurons(columns: readonly Column[], count: number): Column[] {
	const weight = ({ values }: Column): number => values.reduce((sum, v) => sum + Math.abs(v), 0);
	const neurons = columns.filter(({ part }) => part.kind === "neuron");
	const best = new Set(
		neurons
			.map((column) => ({ column, weight: weight(column) }))
			.sort((a, b) => b.weight - a.weight)
			.slice(0, count)
			.map(({ column }) => column),
	);
	const rest = new Map<number, Column>();
	const kept: Column[] = [];
	for (const column of columns) {
		const { part, values } = column;
		if (part.kind !== "neuron" || best.has(column)) {
			kept.push(column);
			continue;
		}
		const layer = part.layer as number;
		const known = rest.get(layer);
		if (known)
			for (let i = 0; i < values.length; i++)
				known.values[i] = (known.values[i] as number) + (values[i] as number);
		else {
			const others: Column = {
				part: { label: `${layer}_other_neurons`, kind: "neuron", layer },
				values: values.slice(),
			};
			rest.set(layer, others);
			kept.push(others);
		}
	}
	return kept;
}

function flatten(rows: readonly Float32Array[]): Float32Array<ArrayBuffer> {
	const width = rows[0]?.length ?? 0;
	const all = new Float32Array(rows.length * width);
	for (const [i, row] of rows.entries()) all.set(row, i * width);
	return all;
}
