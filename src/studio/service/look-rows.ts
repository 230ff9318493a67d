import { type G, type Model, type RunOptions, Tensor, type Value } from "headscope";
import { valueWeightedPatterns } from "headscope/lens";
import type { Changes } from "./changes.js";

/** One prompt in one model. */
export interface Side {
	/** float32 [layer, head, query, key]: attention, or with value weighting ||A v W_O||. */
	readonly pattern: Tensor<"float32">;
	/** float32 [pos - 1]: cross-entropy of each token but the first, in nats. */
	readonly loss: Tensor<"float32">;
}

/** Rows to look at, and how. */
export interface LookRequest extends Changes {
	readonly ids: readonly (readonly number[])[];
	readonly weighting?: "pattern" | "value" | undefined;
	/** What has not begun when it is aborted never does. */
	readonly signal?: AbortSignal;
	/** Before sweeps and scores that wait. Default true */
	readonly urgent?: boolean;
}

/** What a run shows of one row. */
export interface RowLook extends Side {
	/** float32 [vocab]: logits behind the last token. */
	readonly last: Float32Array;
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
			pattern: patternOf(model, pattern, length),
			loss: new Tensor("float32", [length - 1], loss),
			last: get("last").data.slice(r * vocab, (r + 1) * vocab),
		};
	});
}

/** The patterns of all heads: [layer, head, query, key]. @param queries default as many as keys */
export function patternOf(
	{ config: { nLayers, nHeads } }: Model,
	data: Float32Array<ArrayBuffer>,
	keys: number,
	queries = keys,
): Tensor<"float32"> {
	return new Tensor("float32", [nLayers, nHeads, queries, keys], data, ["layer", "head", "query", "key"]);
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

type Outputs = (get: (name: string) => Value, g: G) => Record<string, Value>;

/** By names and layers, so that models which share programs share these. */
const OUTPUTS = new Map<string, Outputs>();

/** @param more points that are wanted beside, under their own names */
export function readoutOf(
	{ config }: Model,
	ids: readonly (readonly number[])[],
	longest: number,
	more: readonly string[] = [],
): Parameters<Model["read"]>[1] {
	const patterns = Array.from({ length: config.nLayers }, (_, l) => `blocks.${l}.attn.hook_pattern`);
	const key = `${config.nLayers} ${more.join(" ")}`;
	const outputs = OUTPUTS.get(key) ?? outputsOf(patterns, more);
	OUTPUTS.set(key, outputs);
	const next = new Int32Array(ids.length * longest);
	const last = new Float32Array(ids.length * longest);
	for (const [r, row] of ids.entries()) {
		next.set(row.slice(1), r * longest);
		last[r * longest + row.length - 1] = 1;
	}
	return {
		names: [...patterns, ...more],
		outputs,
		feeds: {
			next: new Tensor("int32", [ids.length, longest], next),
			last: new Tensor("float32", [ids.length, 1, longest], last),
		},
	};
}

function outputsOf(patterns: readonly string[], more: readonly string[]): Outputs {
	return (get, g) => {
		const logits = get("logits"); // [batch, pos, vocab]
		const [batch, pos] = [logits.dim(0), logits.dim(1)];
		const next = g.unsqueeze(g.input("next", "int32", [batch, pos]), 2);
		const chosen = g.takeAlong(g.logSoftmax(logits), next, 2); // [batch, pos, 1]
		return {
			...Object.fromEntries(patterns.map((name, layer) => [`pattern ${layer}`, get(name)])),
			...Object.fromEntries(more.map((name) => [name, get(name)])),
			loss: g.reshape(g.neg(chosen), [batch, pos]),
			// a product with a row that is 1 at the last token and 0 elsewhere takes it exactly
			last: g.matmul(g.input("last", "float32", [batch, 1, pos]), logits),
		};
	};
}
