import { axesOf } from "../hooks/points.js";
import type { HookPoint } from "../hooks/select.js";
import type { Tensor } from "../tensor/index.js";
import { type Dimensions, ModelError } from "./family.js";
import type { Feeds } from "./feeds.js";
import { join, KeyValueCache } from "./key-value-cache.js";
import type { LogitsAt } from "./logits-at.js";
import { RESULT, type Request } from "./request.js";
import type { CacheOptions, ModelInput } from "./run-options.js";
import { FEEDS } from "./trace-model.js";

type Asked = Omit<Request, "range" | "edits" | "watched">;

/** Bytes that one layer's scores, masked scores and pattern may take together before a run is cut. */
const MOST_SCORES = 512 * 2 ** 20;
/** Chunks are a multiple of it, and never smaller. */
const STEP = 64;

/**
 * How many positions of a run are computed at once: attention of all of them needs batch x heads x pos x pos numbers, of a
 * chunk only batch x heads x chunk x pos. Undefined where the run is computed whole.
 * @throws {ModelError} where a chunk is asked for and the run has a part that sees all positions at once
 */
export function chunkSize(
	{ options, taps, readout }: Asked,
	{ nHeads }: Dimensions,
	{ batch, pos, tensors }: Feeds,
	watched: boolean,
): number | undefined {
	const { chunk } = options;
	if (chunk !== undefined && (!Number.isInteger(chunk) || chunk < 1))
		throw new ModelError(`chunk: got ${chunk}, allowed whole numbers from 1`);
	const bytes = (positions: number): number => 3 * 4 * batch * nHeads * positions * pos;
	if (chunk === undefined && bytes(pos) <= MOST_SCORES) return undefined;
	const size = chunk ?? Math.max(STEP, Math.floor(MOST_SCORES / bytes(STEP)) * STEP);
	if (size >= pos) return undefined;
	const whole = (Object.keys(WHOLE) as (keyof typeof WHOLE)[]).find((name) => options[name] !== undefined);
	const square = taps.find((name) => !KNOWN_AXES.some((rank) => axesOf(name, rank)?.[1] === "pos"));
	const reasons = [
		[whole, `${whole} ${whole && WHOLE[whole]}`],
		[square, `"${square}" is not a value at each position`],
		[readout, "a readout sees the whole run"],
		[watched, "a point is watched"],
		[tensors[FEEDS.tokens]?.dtype !== "int32", "the input is not tokens"],
		[hasEmptyChunk(tensors[FEEDS.mask], size), "a row has a chunk of padding alone"],
		[earliest(options.logitsAt) < lastStart(pos, size), "logitsAt asks for positions before the last chunk"],
	] as const;
	const [, why] = reasons.find(([holds]) => holds) ?? [];
	if (why === undefined) return size;
	if (chunk !== undefined) throw new ModelError(`chunk: ${why}; leave it out`);
	return undefined;
}

/** Options that make a run one piece, and why. */
const WHOLE = {
	interventions: "may look at all positions",
	cells: "may look at all positions",
	hooks: "may look at all positions",
	hostHooks: "may look at all positions",
	patches: "may look at all positions",
	weights: "are checked against a whole run",
	past: "is a chunk already",
	positions: "cut what is kept",
	startAtLayer: "takes a residual stream",
} as const satisfies Partial<Record<keyof CacheOptions, string>>;
const KNOWN_AXES = [3, 4];

/**
 * Runs chunk after chunk, each with the keys and values of those before it.
 * @param end the first layer of which nothing is wanted
 * @param run computes a chunk
 */
export async function runInChunks(
	size: number,
	{ tensors, pos }: Feeds,
	{ options, taps, result }: Asked,
	model: { readonly config: Dimensions; hookPoints(): readonly HookPoint[] },
	end: number,
	run: (input: ModelInput, asked: Asked) => Promise<Map<string, Tensor>>,
): Promise<Map<string, Tensor>> {
	const ids = tensors[FEEDS.tokens] as Tensor<"int32">;
	const mask = tensors[FEEDS.mask] as Tensor<"bool"> | undefined;
	const { chunk: _, logitsAt, stopAtLayer, ...others } = options;
	const stop = stopAtLayer ?? (!result && end < model.config.nLayers ? Math.max(end, 0) : undefined);
	const layers = Array.from({ length: stop ?? model.config.nLayers }, (_, layer) => layer);
	const names = [...new Set([...taps, ...KeyValueCache.names(model, layers)])];
	const parts: Map<string, Tensor>[] = [];
	let past: KeyValueCache | undefined;
	for (let start = 0; start < pos; start += size) {
		const last = start + size >= pos;
		const own = mask?.slice(1, start, Math.min(pos, start + size));
		const tokens = ids.slice(1, start, Math.min(pos, start + size));
		const found = await run(tokens, {
			taps: names,
			result: result && (logitsAt === undefined || last),
			options: {
				...others,
				...(stop !== undefined && { stopAtLayer: stop }),
				...(logitsAt && last && { logitsAt: shifted(logitsAt, start) }),
				past,
				mask: own,
			},
		});
		const kept = { has: (name: string) => found.has(name), get: (name: string) => found.get(name) as Tensor };
		const keys = layers.length > 0 ? KeyValueCache.of(model, kept, { tokens, mask: own }) : undefined;
		past = past && keys ? past.append(keys) : keys;
		parts.push(new Map([...found].filter(([name]) => name === RESULT || taps.includes(name))));
	}
	const all = [...new Set(parts.flatMap((part) => [...part.keys()]))];
	return new Map(
		all.map((name) => [name, parts.flatMap((part) => part.get(name) ?? []).reduce((a, b) => join(a, b))]),
	);
}

/** Whether some chunk of a mask [batch, pos] hides all of a row. */
function hasEmptyChunk(mask: Tensor | undefined, size: number): boolean {
	const rows = (mask?.toNested() ?? []) as number[][];
	return rows.some((row) => {
		for (let start = 0; start < row.length; start += size)
			if (!row.slice(start, start + size).includes(1)) return true;
		return false;
	});
}

function lastStart(pos: number, size: number): number {
	return Math.floor((pos - 1) / size) * size;
}

function rowsOf(at: LogitsAt): readonly (readonly number[])[] {
	return Array.isArray(at) ? at : ((at as Tensor).toNested() as number[][]);
}

/** The first of the positions, or infinity where all are meant. */
function earliest(at: LogitsAt | undefined): number {
	return at ? Math.min(...rowsOf(at).flat()) : Number.POSITIVE_INFINITY;
}

function shifted(at: LogitsAt, by: number): number[][] {
	return rowsOf(at).map((row) => row.map((p) => p - by));
}
