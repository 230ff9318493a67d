import type { G } from "headscope";
import { type Model, type RunOptions, Tensor, type Value } from "headscope";
import { valueWeightedPatterns } from "headscope/lens";
import * as z from "zod/mini";
import { type Changes, changesFor, donorFields } from "../changes.js";
import { defineMethod } from "../method.js";
import { type Refused, withFitting } from "../refused.js";
import { rowFields, type Token, tokenRows } from "../rows.js";
import { remember } from "../state.js";

const params = z.strictObject({
	model: z.string(),
	...rowFields,
	interventions: z.array(z.unknown()).check(z.maxLength(256)),
	donors: donorFields,
	weighting: z.optional(z.enum(["pattern", "value"])),
	top: z.optional(z.int().check(z.minimum(1), z.maximum(100))),
});

/** A prompt in the model as it is, and as it is changed. */
export interface PromptLook {
	readonly tokens: readonly Token[];
	readonly clean: Side;
	/** Absent where there are no interventions. */
	readonly changed?: Side;
	/** The likeliest next tokens of either side, by the clean side's probability. */
	readonly next: readonly NextToken[];
	/** Interventions that were left out, the same for every prompt; absent where there are none. */
	readonly refused?: readonly Refused[];
}

/** One prompt in one model. */
export interface Side {
	/** float32 [layer, head, query, key]: attention, or with value weighting ||A v W_O||. */
	readonly pattern: Tensor<"float32">;
	/** float32 [pos - 1]: cross-entropy of each token but the first, in nats. */
	readonly loss: Tensor<"float32">;
}

export interface NextToken {
	readonly id: number;
	readonly text: string;
	readonly shown: string;
	/** Probability behind the prompt's last token. */
	readonly clean: number;
	readonly changed?: number;
	readonly cleanLogit: number;
	readonly changedLogit?: number;
}

export const look = defineMethod({
	doc: "patterns of all heads, losses and next tokens of prompts, without and with interventions",
	params,
	run: async (given, { state, signal }): Promise<PromptLook[]> => {
		const { model, looks } = state.model(given.model);
		const tokens = tokenRows(model, given);
		const ids = tokens.map((row) => row.map(({ id }) => id));
		const { weighting } = given;
		const key = JSON.stringify([ids, weighting]);
		const asked = { ids, weighting, signal };
		const clean = await remember(looks, key, () => lookAt(model, asked), signal);
		signal.throwIfAborted();
		const { result: changed, refused } = await withFitting(given.interventions, async (interventions) => {
			signal.throwIfAborted();
			if (interventions.length === 0) return undefined;
			const changes = await changesFor(interventions, given.donors, { host: state.host, model, input: ids });
			return lookAt(model, { ...asked, ...changes });
		});
		signal.throwIfAborted();
		warmUp(model);
		return tokens.map((row, r) => ({
			tokens: row,
			clean: sideOf(clean[r] as RowLook),
			...(changed && { changed: sideOf(changed[r] as RowLook) }),
			next: nextTokens(model, clean[r] as RowLook, changed?.[r], given.top ?? 10),
			...(refused.length > 0 && { refused }),
		}));
	},
});

const warm = new WeakSet<Model>();

/** Compiles what the first ablated head needs, behind the first answer, so that no one waits for it. */
function warmUp(model: Model): void {
	if (warm.has(model)) return;
	warm.add(model);
	const ablated = { ids: [[0, 0]], interventions: [{ kind: "zero" as const, heads: ["0.0"] }] };
	// a model that was closed meanwhile needs none
	setTimeout(() => void lookAt(model, { ...ablated, urgent: false }).catch(() => {}));
}

interface LookRequest extends Changes {
	readonly ids: readonly (readonly number[])[];
	readonly weighting?: "pattern" | "value" | undefined;
	/** What has not begun when it is aborted never does. */
	readonly signal?: AbortSignal;
	/** Before sweeps and scores that wait. Default true */
	readonly urgent?: boolean;
}

/** What a run shows of one row. */
interface RowLook extends Side {
	/** float32 [vocab]: logits behind the last token. */
	readonly last: Float32Array;
}

function sideOf({ pattern, loss }: RowLook): Side {
	// copies: what the page is given is moved to it, and the clean side is kept
	return { pattern: copy(pattern), loss: copy(loss) };
}

function copy({ dtype, shape, data, axes }: Tensor<"float32">): Tensor<"float32"> {
	return new Tensor(dtype, shape, data.slice(), axes);
}

/** Runs rows, and takes of each what the page shows. */
export async function lookAt(
	model: Model,
	{ ids, weighting, urgent = true, ...changes }: LookRequest,
): Promise<RowLook[]> {
	const lengths = ids.map((row) => row.length);
	const longest = Math.max(...lengths);
	const { mask } = model.pack(ids.map((row) => [...row]));
	const options: RunOptions = {
		...changes,
		urgent,
		...(mask && { mask }),
		// WebGPU computes no extents: there each length is a program of its own
		...(model.engine.provider === "webgpu" && { concrete: true }),
	};
	const input = ids.map((row) => [...row, ...Array<number>(longest - row.length).fill(0)]);
	const found = await model.read(input, readoutOf(model, ids, longest), options);
	const weighted = weighting === "value" ? await valueWeightedPatterns(model, input, options) : undefined;
	const { nLayers, nHeads, vocab } = model.config;
	const get = (name: string): Tensor<"float32"> => found.get(name) as Tensor<"float32">;
	return lengths.map((length, r) => {
		const pattern = new Float32Array(nLayers * nHeads * length * length);
		for (let layer = 0; layer < nLayers; layer++) {
			const all = (weighted?.get(layer) ?? get(`pattern ${layer}`)).select(r); // [head, query, key]
			cutSquares(all.data, longest, pattern.subarray(layer * nHeads * length ** 2), length, nHeads);
		}
		const loss = get("loss").data.slice(r * longest, r * longest + length - 1);
		return {
			pattern: new Tensor("float32", [nLayers, nHeads, length, length], pattern, [
				"layer",
				"head",
				"query",
				"key",
			]),
			loss: new Tensor("float32", [length - 1], loss),
			last: get("last").data.slice(r * vocab, (r + 1) * vocab),
		};
	});
}

/** Copies the first `length` rows and columns of each square of a stack. */
function cutSquares(from: Float32Array, size: number, to: Float32Array, length: number, count: number): void {
	if (size === length) {
		to.set(from);
		return;
	}
	for (let square = 0; square < count; square++) {
		for (let query = 0; query < length; query++) {
			const start = (square * size + query) * size;
			to.set(from.subarray(start, start + length), (square * length + query) * length);
		}
	}
}

/** By layers, so that models which share programs share these. */
const OUTPUTS = new Map<number, ReturnType<typeof outputsOf>>();

function readoutOf(
	model: Model,
	ids: readonly (readonly number[])[],
	longest: number,
): Parameters<Model["read"]>[1] {
	const names = patternNames(model.config);
	const outputs = OUTPUTS.get(names.length) ?? outputsOf(names);
	OUTPUTS.set(names.length, outputs);
	const next = new Int32Array(ids.length * longest);
	const last = new Float32Array(ids.length * longest);
	for (const [r, row] of ids.entries()) {
		next.set(row.slice(1), r * longest);
		last[r * longest + row.length - 1] = 1;
	}
	return {
		names,
		outputs,
		feeds: {
			next: new Tensor("int32", [ids.length, longest], next),
			last: new Tensor("float32", [ids.length, 1, longest], last),
		},
	};
}

function patternNames({ nLayers }: Model["config"]): string[] {
	return Array.from({ length: nLayers }, (_, layer) => `blocks.${layer}.attn.hook_pattern`);
}

function outputsOf(names: readonly string[]): (get: (name: string) => Value, g: G) => Record<string, Value> {
	return (get, g) => {
		const logits = get("logits"); // [batch, pos, vocab]
		const [batch, pos] = [logits.dim(0), logits.dim(1)];
		const next = g.unsqueeze(g.input("next", "int32", [batch, pos]), 2);
		const chosen = g.takeAlong(g.logSoftmax(logits), next, 2); // [batch, pos, 1]
		return {
			...Object.fromEntries(names.map((name, layer) => [`pattern ${layer}`, get(name)])),
			loss: g.reshape(g.neg(chosen), [batch, pos]),
			// a product with a row that is 1 at the last token and 0 elsewhere takes it exactly
			last: g.matmul(g.input("last", "float32", [batch, 1, pos]), logits),
		};
	};
}

/** The likeliest tokens of either side, clean order first. */
function nextTokens(model: Model, clean: RowLook, changed: RowLook | undefined, top: number): NextToken[] {
	const before = softmax(clean.last);
	const after = changed && softmax(changed.last);
	const ids = [...new Set([...largest(before, top), ...(after ? largest(after, top) : [])])];
	return ids
		.sort((a, b) => (before[b] as number) - (before[a] as number) || a - b)
		.map((id) => {
			const known = model.tokenizer !== undefined && id < model.tokenizer.vocabSize;
			return {
				id,
				text: known ? (model.tokenizer?.tokenText(id) ?? "") : String(id),
				shown: known ? (model.tokenizer?.displayText(id) ?? "") : String(id),
				clean: before[id] as number,
				cleanLogit: clean.last[id] as number,
				...(after && { changed: after[id] as number }),
				...(changed && { changedLogit: changed.last[id] as number }),
			};
		});
}

function softmax(logits: Float32Array): Float64Array {
	let highest = Number.NEGATIVE_INFINITY;
	for (const logit of logits) highest = Math.max(highest, logit);
	const shares = Float64Array.from(logits, (logit) => Math.exp(logit - highest));
	const sum = shares.reduce((a, b) => a + b, 0);
	return shares.map((share) => share / sum);
}

/** Places of the k largest values, largest first. */
function largest(values: Float64Array, k: number): number[] {
	const best: number[] = [];
	for (let i = 0; i < values.length; i++) {
		const value = values[i] as number;
		if (best.length === k && value <= (values[best[k - 1] as number] as number)) continue;
		const at = best.findIndex((j) => (values[j] as number) < value);
		best.splice(at < 0 ? best.length : at, 0, i);
		if (best.length > k) best.pop();
	}
	return best;
}
