import { KeyValueCache, type Model, type RunOptions, Tensor } from "headscope";
import { patternOf, type RowLook, readoutOf } from "./look-rows.js";

/** What a look at a row leaves for the next one. */
interface Before {
	readonly ids: readonly number[];
	readonly past: KeyValueCache;
	readonly look: RowLook;
}

/** Of each model the last row. */
const looks = new WeakMap<Model, Before>();
/** Positions that must be the same for the past to pay. */
const LEAST_SAME = 8;

/**
 * A look at a row which begins as the one before did, as it is while somebody types: attention is causal, so that nothing
 * of the positions before the first new token changes, and only what follows is run. The numbers are those of a whole run
 * but for rounding.
 */
export async function lookOn(
	model: Model,
	ids: readonly number[],
	options: Pick<RunOptions, "signal" | "urgent">,
): Promise<RowLook> {
	const before = looks.get(model);
	const start = before ? startOf(before.ids, ids) : 0;
	const past = start > 0 ? before?.past.first(start) : undefined;
	const own = await run(model, ids.slice(start), { ...options, past });
	const now = before && past ? joined(model, before, own, ids, start) : { ids, ...own };
	looks.set(model, now);
	return now.look;
}

/** Compiles a run that goes on, from the row that was looked at. */
export async function warmUpTyping(model: Model): Promise<void> {
	const past = looks.get(model)?.past;
	if (past) await run(model, [0], { past });
}

/** The first position that is run: that of the last same token, since what follows it is new. */
function startOf(before: readonly number[], ids: readonly number[]): number {
	const most = Math.min(before.length, ids.length);
	let same = 0;
	while (same < most && before[same] === ids[same]) same++;
	return same <= LEAST_SAME ? 0 : same - 1;
}

/** What a run of tokens behind others gives: patterns [layer, head, own, key]. */
async function run(model: Model, ids: readonly number[], options: RunOptions): Promise<Omit<Before, "ids">> {
	const { nLayers, nHeads } = model.config;
	const keys = (options.past?.length ?? 0) + ids.length;
	const readout = readoutOf(model, [ids], ids.length, KeyValueCache.names(model));
	const found = await model.read([[...ids]], readout, options);
	const get = (name: string): Tensor<"float32"> => found.get(name) as Tensor<"float32">;
	const size = nHeads * ids.length * keys;
	const pattern = new Float32Array(nLayers * size);
	for (let layer = 0; layer < nLayers; layer++) pattern.set(get(`pattern ${layer}`).data, layer * size);
	return {
		past: KeyValueCache.of(model, { has: (name) => found.has(name), get }),
		look: {
			pattern: patternOf(model, pattern, keys, ids.length),
			loss: get("loss")
				.slice(1, 0, ids.length - 1)
				.select(0),
			last: get("last").data,
		},
	};
}

/** The row before up to `start`, and then what was run from there. */
function joined(
	model: Model,
	before: Before,
	own: Omit<Before, "ids">,
	ids: readonly number[],
	start: number,
): Before {
	const { nLayers, nHeads } = model.config;
	const [length, older, fresh] = [ids.length, before.ids.length, ids.length - start];
	const pattern = new Float32Array(nLayers * nHeads * length * length);
	const { pattern: earlier, loss } = before.look;
	for (let head = 0; head < nLayers * nHeads; head++) {
		const [to, from] = [head * length * length, head * older * older];
		for (let query = 0; query < start; query++) {
			const row = from + query * older;
			// a query sees no key behind it
			pattern.set(earlier.data.subarray(row, row + query + 1), to + query * length);
		}
		const rows = fresh * length;
		pattern.set(own.look.pattern.data.subarray(head * rows, (head + 1) * rows), to + start * length);
	}
	const losses = new Float32Array(length - 1);
	losses.set(loss.data.subarray(0, start));
	losses.set(own.look.loss.data, start);
	return {
		ids,
		past: before.past.first(start).append(own.past),
		look: {
			pattern: patternOf(model, pattern, length),
			loss: new Tensor("float32", [length - 1], losses),
			last: own.look.last,
		},
	};
}
