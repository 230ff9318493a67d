import { counted } from "../../shared/counted.js";
import { Tensor } from "../../tensor/index.js";
import { fileSource } from "../../weights/file-source-node.js";
import { readSafetensorsEntry, readSafetensorsHeader } from "../../weights/safetensors.js";
import type { TensorEntry } from "../../weights/tensor-entry.js";
import { UsageError } from "../errors.js";
import type { Patterns } from "../output/patterns.js";
import { kindOf } from "./ids-file.js";
import { readJsonFile } from "./read-file.js";

/** Shapes that are understood, as errors list them. */
const ALLOWED =
	"one tensor [query, key], [head, query, key] or [layer, head, query, key], or one per layer with the layer's number in its name and shape [head, query, key] or [batch, head, query, key]";

/**
 * Reads patterns that another program computed.
 *
 * - One tensor: [query, key] is head 0.0, [head, query, key] is layer 0, and [layer, head, query, key] all
 *   layers, unless the tensor's name holds a layer's number: then it is that layer.
 * - Several: one per layer, told apart by the number in the name ("blocks.5.attn.hook_pattern",
 *   "attentions.5"). Where some names end with "hook_pattern" the other tensors are left aside, so that
 *   what `headscope cache` saved can be read.
 *
 * `row` picks one of a batch.
 * @throws {UsageError} for other shapes and names, {WeightsError} for a broken file.
 */
export async function readPatterns(path: string, tokensPath: string, row: number): Promise<Patterns> {
	const source = fileSource(path);
	try {
		const { entries } = await readSafetensorsHeader(source);
		const chosen = chooseEntries(path, entries);
		const layers = new Map<number, Tensor<"float32">>();
		for (const [name, entry] of chosen) {
			const tensor = await readSafetensorsEntry(source, name, entry);
			for (const [layer, pattern] of layersOf(path, name, tensor, row))
				layers.set(layer, pattern.to("float32"));
		}
		const [[firstLayer, first] = [0, Tensor.zeros([0, 0, 0])]] = layers;
		for (const [layer, { shape }] of layers) {
			if (shape.join() !== first.shape.join()) {
				throw new UsageError(
					`${path}: layer ${layer} has shape [${shape.join(", ")}], but layer ${firstLayer} has [${first.shape.join(", ")}]`,
				);
			}
		}
		const [nHeads = 0, queries = 0, keys = 0] = first.shape;
		const tokens = await readTokens(tokensPath, queries, keys);
		return { source: path, nLayers: Math.max(...layers.keys()) + 1, nHeads, layers, tokens };
	} finally {
		await source.close?.();
	}
}

/** The tensors that are patterns. */
function chooseEntries(path: string, entries: ReadonlyMap<string, TensorEntry>): [string, TensorEntry][] {
	const all = [...entries];
	const named = all.filter(([name]) => name.endsWith("hook_pattern"));
	const chosen = named.length > 0 ? named : all;
	if (chosen.length === 0) throw new UsageError(`${path}: has no tensors; allowed: ${ALLOWED}`);
	if (chosen.length === 1) return chosen;
	const byLayer = new Map<number, string>();
	for (const [name] of chosen) {
		const layer = layerIn(name);
		if (layer === undefined) {
			throw new UsageError(
				`${path}: has ${chosen.length} tensors, but the name ${JSON.stringify(name)} holds no layer's number; allowed: ${ALLOWED}`,
			);
		}
		const other = byLayer.get(layer);
		if (other !== undefined) {
			throw new UsageError(
				`${path}: ${JSON.stringify(other)} and ${JSON.stringify(name)} are both layer ${layer}; allowed: ${ALLOWED}`,
			);
		}
		byLayer.set(layer, name);
	}
	return chosen.sort(([a], [b]) => (layerIn(a) as number) - (layerIn(b) as number));
}

/**
 * The layer's number in a name, where there is exactly one: a number that stands alone ("h.5.attn") or
 * after the word ("layer5"); the 2 of "gpt2" is none.
 */
function layerIn(name: string): number | undefined {
	const numbers = [...name.matchAll(/(?:^|[^A-Za-z\d]|layer)(\d{1,4})(?![A-Za-z\d])/gi)];
	return numbers.length === 1 ? Number(numbers[0]?.[1]) : undefined;
}

/** One tensor as patterns [head, query, key] by layer. */
function layersOf(path: string, name: string, tensor: Tensor, row: number): [number, Tensor][] {
	const { shape } = tensor;
	const rank = shape.length;
	const where = `${path}: tensor ${JSON.stringify(name)}`;
	if (rank < 2 || rank > 4 || shape.includes(0)) {
		throw new UsageError(`${where} has shape [${shape.join(", ")}]; allowed: ${ALLOWED}`);
	}
	if (tensor.dtype !== "float32" && tensor.dtype !== "float64") {
		throw new UsageError(`${where} holds ${tensor.dtype}; allowed are attention probabilities as floats`);
	}
	const layer = layerIn(name);
	const batched = rank === 4 && layer !== undefined;
	const rows = batched ? (shape[0] as number) : 1;
	if (row >= rows)
		throw new UsageError(`--row ${row}: ${where} has ${counted(rows, "row")}, allowed 0..${rows - 1}`);
	if (batched) return [[layer, tensor.select(row)]];
	if (rank === 4) return Array.from({ length: shape[0] as number }, (_, l) => [l, tensor.select(l)]);
	return [[layer ?? 0, rank === 3 ? tensor : tensor.reshape([1, ...shape])]];
}

/** Reads `--tokens`: a JSON list of strings, or { "query": [...], "key": [...] } where the axes differ. */
async function readTokens(path: string, queries: number, keys: number): Promise<Patterns["tokens"]> {
	const json = await readJsonFile(path);
	const both = Array.isArray(json) ? { query: json, key: json } : json;
	const { query, key } = (typeof both === "object" && both !== null ? both : {}) as Record<string, unknown>;
	return { query: checkTokens(path, "query", query, queries), key: checkTokens(path, "key", key, keys) };
}

function checkTokens(path: string, axis: string, list: unknown, extent: number): string[] {
	if (!Array.isArray(list)) {
		throw new UsageError(
			`${path}: expected a list of strings, or an object with the lists query and key, got ${list === undefined ? `no ${axis}` : kindOf(list)}`,
		);
	}
	const bad = list.findIndex((token) => typeof token !== "string");
	if (bad >= 0) throw new UsageError(`${path}: token ${bad} is ${kindOf(list[bad])}, allowed strings`);
	if (list.length !== extent) {
		throw new UsageError(
			`${path}: has ${counted(list.length, `${axis} token`)}, but the patterns have ${extent}`,
		);
	}
	return list as string[];
}
