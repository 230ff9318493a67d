import type { Value } from "../graph/value.js";
import type { Model } from "../models/model.js";
import type { ModelInput, Readout } from "../models/run-options.js";
import { type EvaluationBatch, encodeTokens } from "../tasks/regression/index.js";
import { Tensor } from "../tensor/index.js";
import { earlierOccurrences, ScoreError } from "./row.js";
import { type HeadsOf, subjectOf } from "./subject-of.js";

/** Patterns that the detector knows by name; TransformerLens' names (`induction_head`, ...) are understood too. */
export type DetectionName = "previous-token" | "duplicate-token" | "induction";

/** A text, texts, or rows of token ids; for a regression run sequences. */
type Prompts = string | readonly string[] | readonly (readonly number[])[] | EvaluationBatch;

/** A prompt as the model takes it, and ids that say which of its tokens are equal. */
interface Prompt {
	readonly ids: readonly number[];
	readonly input: ModelInput;
}

/** How a pattern is compared with the one that is looked for. */
export interface DetectHeadOptions {
	/**
	 * `mul` (default): the share of the attention that lies where the pattern has ones, sum(A D) / sum(A).
	 * `abs`: 1 - sum |A - D| / n, rounded to 3 decimals as TransformerLens does, from -1 to 1.
	 */
	measure?: "mul" | "abs";
	/** Leave the first column out. `abs` divides by n all the same. Default false. */
	excludeBos?: boolean;
	/** Leave the diagonal out. `abs` divides by n all the same. Default false. */
	excludeCurrentToken?: boolean;
	/** Only these heads ([layer, head]); all others get -1. Default all. */
	heads?: readonly (readonly [layer: number, head: number])[];
	/** Put a BOS in front of texts. Default true where the tokenizer has one, as in TransformerLens. */
	bos?: boolean;
	signal?: AbortSignal;
}

/**
 * TransformerLens' `detect_head`: how far each head's pattern A on a prompt agrees with a detection pattern D.
 * Several prompts: the mean of their scores, with every option in force (TransformerLens before September
 * 2026 dropped the options there, and its excludes overwrote the cached patterns).
 * @param prompts a text, texts, or rows of token ids; more than 1 token each, fewer than the context. For a
 * regression run sequences `{ xs, ys }`, whose tokens are equal where their numbers are
 * @param detection a name, or D itself [query, key], which must be 0 above the diagonal and of the size of
 * every prompt
 * @returns [layer, head]
 * @throws {ScoreError} for a detection pattern or a prompt that does not fit
 */
export async function detectHead(
	of: HeadsOf,
	prompts: Prompts,
	detection: DetectionName | (string & {}) | Tensor | readonly (readonly number[])[],
	options: DetectHeadOptions = {},
): Promise<Tensor<"float32">> {
	const { model } = subjectOf(of, {});
	const { nLayers, nHeads } = model.config;
	const { heads } = options;
	for (const [layer, head] of heads ?? []) {
		if (isIndex(layer, nLayers) && isIndex(head, nHeads)) continue;
		throw new ScoreError(`detectHead: no head ${layer}.${head}, allowed 0.0 to ${nLayers - 1}.${nHeads - 1}`);
	}
	const rows = "pretrainDist" in of ? sequencesOf(prompts) : rowsOf(model, prompts, options.bos);
	const sum = new Float64Array(nLayers * nHeads);
	for (const { ids, input } of rows) {
		const wanted =
			typeof detection === "string" ? namedPattern(detection, ids) : customPattern(detection, ids.length);
		const scores = await detectOne(model, input, wanted, options);
		for (const [i, score] of scores.entries()) sum[i] = (sum[i] as number) + score / rows.length;
	}
	const chosen = heads && new Set(heads.map(([layer, head]) => layer * nHeads + head));
	const values = Float32Array.from(sum, (score, i) => (!chosen || chosen.has(i) ? score : -1));
	return new Tensor("float32", [nLayers, nHeads], values, ["layer", "head"]);
}

function isIndex(value: number, extent: number): boolean {
	return Number.isInteger(value) && value >= 0 && value < extent;
}

function isSequences(prompts: Prompts): prompts is EvaluationBatch {
	return typeof prompts === "object" && "xs" in prompts;
}

/** Sequences one by one; equal vectors have equal ids. */
function sequencesOf(prompts: Prompts): Prompt[] {
	if (!isSequences(prompts)) {
		throw new ScoreError(
			"detectHead: a regression run takes sequences { xs, ys }, no texts and no token ids",
		);
	}
	const tokens = encodeTokens(prompts.xs, prompts.ys);
	const [batch, length, width] = tokens.shape as [number, number, number];
	return Array.from({ length: batch }, (_, b) => {
		const sequence = tokens.select(b);
		const known = new Map<string, number>();
		const ids = Array.from({ length }, (__, p) => {
			const vector = sequence.select(p).data.join();
			const id = known.get(vector) ?? p;
			known.set(vector, id);
			return id;
		});
		return { ids, input: sequence.reshape([1, length, width]) };
	});
}

function rowsOf(model: Model, prompts: Prompts, bos: boolean | undefined): Prompt[] {
	if (isSequences(prompts)) {
		throw new ScoreError("detectHead: a language model takes texts or token ids, no sequences { xs, ys }");
	}
	const list = typeof prompts === "string" ? [prompts] : prompts;
	if (list.length === 0) throw new ScoreError("detectHead: no prompts, allowed 1 or more");
	const front = bos ?? model.tokenizer?.bosId !== undefined;
	return list.map((prompt) => {
		const row = typeof prompt === "string" ? model.tokenize(prompt, { bos: front }).ids : prompt;
		if (row.length > 1 && row.length < model.config.nCtx) return { ids: row, input: [row] };
		throw new ScoreError(
			`detectHead: a prompt of ${row.length} tokens, allowed 2 to ${model.config.nCtx - 1}`,
		);
	});
}

/** D [query, key] of a named kind of head. */
function namedPattern(name: string, row: readonly number[]): Tensor<"float32"> {
	const n = row.length;
	const kind = name.replace(/_head$/, "").replaceAll("_", "-");
	const out = Tensor.zeros([n, n]);
	const mark = (query: number, key: number): void => {
		out.data[query * n + key] = 1;
	};
	const earlier = earlierOccurrences(row);
	for (let q = 0; q < n; q++) {
		if (kind === "previous-token") {
			if (q > 0) mark(q, q - 1);
		} else if (kind === "duplicate-token") for (const k of earlier[q] as number[]) mark(q, k);
		else if (kind === "induction") for (const k of earlier[q] as number[]) mark(q, k + 1);
		else {
			throw new ScoreError(
				`detectHead: no detection pattern ${JSON.stringify(name)}, allowed: previous-token, duplicate-token, induction, or a matrix`,
			);
		}
	}
	return out;
}

function customPattern(given: Tensor | readonly (readonly number[])[], n: number): Tensor<"float32"> {
	const pattern = given instanceof Tensor ? given.to("float32") : Tensor.from(given);
	if (pattern.shape.join() !== `${n},${n}`) {
		throw new ScoreError(
			`detectHead: a pattern of shape [${pattern.shape.join(", ")}] for a prompt of ${n} tokens`,
		);
	}
	for (let q = 0; q < n; q++) {
		for (let k = q + 1; k < n; k++) {
			if (pattern.data[q * n + k] === 0) continue;
			throw new ScoreError(
				`detectHead: pattern[${q}][${k}] lies above the diagonal, where only 0 is allowed`,
			);
		}
	}
	return pattern;
}

const WANTED = "detect/pattern";
const COUNTED = "detect/counted";

/** Scores of every head on one prompt, entry l * nHeads + h: sums are taken inside the graph. */
async function detectOne(
	model: Model,
	input: ModelInput,
	wanted: Tensor<"float32">,
	{ measure = "mul", excludeBos = false, excludeCurrentToken = false, signal }: DetectHeadOptions,
): Promise<number[]> {
	const n = wanted.shape[0] as number;
	const counted = Tensor.full([n, n], 1);
	for (let q = 0; q < n; q++) {
		if (excludeBos) counted.data[q * n] = 0;
		if (excludeCurrentToken) counted.data[q * n + q] = 0;
	}
	const feeds = { [WANTED]: wanted, [COUNTED]: counted };
	const readout = { ...readoutOf(measure, model.config.nLayers), feeds };
	const found = await model.read(input, readout, signal ? { signal } : {});
	const numbers = (name: string): number[] => Array.from(found.get(name)?.data ?? [], Number);
	if (measure === "abs") return numbers("error").map((error) => 1 - Math.round((error / n) * 1000) / 1000);
	const all = numbers("all");
	return numbers("hit").map((hit, i) => (hit === 0 ? 0 : hit / (all[i] as number)));
}

/** By measure and number of layers. */
const readouts = new Map<string, Readout>();

/** The sums of every layer, made once: models compile a readout once by its function. */
function readoutOf(measure: "mul" | "abs", nLayers: number): Readout {
	const key = `${measure} ${nLayers}`;
	const found = readouts.get(key) ?? sumsOf(measure, nLayers);
	readouts.set(key, found);
	return found;
}

function sumsOf(measure: "mul" | "abs", nLayers: number): Readout {
	const names = Array.from({ length: nLayers }, (_, l) => `blocks.${l}.attn.hook_pattern`);
	return {
		names,
		outputs: (get, g) => {
			const pos = get(names[0] as string).dim(-1);
			const [d, m] = [WANTED, COUNTED].map((name) => g.input(name, "float32", [pos, pos])) as [Value, Value];
			const total = (x: Value): Value => g.sum(x, [-2, -1], { keepDims: false }); // [1, head]
			const each = (f: (pattern: Value) => Value): Value =>
				g.concat(
					names.map((name) => total(f(get(name)))),
					0,
				);
			if (measure === "abs") return { error: each((a) => g.mul(g.abs(g.sub(a, d)), m)) };
			return { hit: each((a) => g.mul(g.mul(a, d), m)), all: each((a) => g.mul(a, m)) };
		},
	};
}
