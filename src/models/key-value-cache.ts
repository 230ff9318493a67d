import { actName } from "../hooks/points.js";
import type { HookPoint } from "../hooks/select.js";
import { sizeOf, Tensor } from "../tensor/index.js";
import { type Dimensions, ModelError } from "./family.js";

/** What attention needs of a layer's earlier positions: both [batch, past, kv_head, d_head]. */
export interface LayerPast {
	/** After rotation, where the model rotates. */
	readonly key: Tensor;
	readonly value: Tensor;
}

export interface KeyValueOptions {
	/** bool [batch, past], 1 where a token counts: `model.pack(input).mask`. Needed where rows were padded. */
	readonly mask?: Tensor<"bool"> | undefined;
	/** The tokens themselves, [batch, past] (vectors: [batch, past, width]): for interventions that look at them. */
	readonly tokens?: Tensor | undefined;
}

/** An activation cache, as far as this one reads it. */
interface Kept {
	has(name: string): boolean;
	get(name: string): Tensor;
}

/** A model, as far as its keys and values are concerned. */
interface Cached {
	readonly config: Dimensions;
	hookPoints(): readonly HookPoint[];
}

/**
 * Keys and values of a sequence's first positions, so that a run of the rest need not compute them again
 * (`RunOptions.past`). Nothing is changed in place: every method returns another cache.
 */
export class KeyValueCache {
	/** Rows of the batch. */
	readonly batch: number;
	/** Positions. */
	readonly length: number;

	private constructor(
		/** By layer; a run that begins at a layer needs those from there on. */
		readonly layers: ReadonlyMap<number, LayerPast>,
		readonly mask: Tensor<"bool"> | undefined,
		readonly tokens: Tensor | undefined,
	) {
		const [first] = layers.values();
		if (!first) throw new ModelError("internal: keys and values of no layer");
		[this.batch, this.length] = first.key.shape as [number, number];
	}

	/** The points that hold a model's keys and values, to be asked of a run: `{ names: KeyValueCache.names(model) }`. */
	static names(model: Cached, layers?: readonly number[]): string[] {
		const known = new Set(model.hookPoints().map(({ name }) => name));
		const all = layers ?? Array.from({ length: model.config.nLayers }, (_, l) => l);
		return all.flatMap((layer) => {
			const rotated = actName("rot_k", layer);
			return [known.has(rotated) ? rotated : actName("k", layer), actName("v", layer)];
		});
	}

	/**
	 * The keys and values that a run kept, of every layer that has both. The run must have begun at the first position, or
	 * the result be appended to what it was given; `positions` must not have cut it.
	 * @throws {ModelError} where it kept those of no layer, or a mask or tokens of another extent are given
	 */
	static of(model: Cached, cache: Kept, options: KeyValueOptions = {}): KeyValueCache {
		const names = KeyValueCache.names(model);
		const layers = new Map<number, LayerPast>();
		for (let layer = 0; layer < model.config.nLayers; layer++) {
			const [key, value] = names.slice(2 * layer) as [string, string];
			if (cache.has(key) && cache.has(value)) {
				layers.set(layer, { key: cache.get(key), value: cache.get(value) });
			}
		}
		const [first] = layers.values();
		if (!first) {
			const [key, value] = names;
			throw new ModelError(
				`keys and values: the run kept those of no layer; ask for KeyValueCache.names(model), such as ${key} and ${value}`,
			);
		}
		const [batch, length] = first.key.shape as [number, number];
		for (const [name, tensor] of Object.entries(options)) {
			if (tensor && (tensor.shape[0] !== batch || tensor.shape[1] !== length))
				throw new ModelError(`keys and values: ${name} ${tensor} for rows [${batch}, ${length}]`);
		}
		return new KeyValueCache(layers, options.mask, options.tokens);
	}

	/** The first positions, [0, end). @throws {ModelError} where there are not so many */
	first(end: number): KeyValueCache {
		if (!Number.isInteger(end) || end < 0 || end > this.length)
			throw new ModelError(`keys and values: got ${end} positions, allowed 0..${this.length}`);
		return end === this.length ? this : this.map((tensor) => tensor.slice(1, 0, end));
	}

	/** Some rows of the batch, in the order given. @throws {ModelError} for a row that is not there */
	rows(rows: readonly number[]): KeyValueCache {
		const bad = rows.find((row) => !Number.isInteger(row) || row < 0 || row >= this.batch);
		if (bad !== undefined || rows.length === 0)
			throw new ModelError(`keys and values: got row ${bad ?? "none"}, allowed 0..${this.batch - 1}`);
		return this.map((tensor) => takeRows(tensor, rows));
	}

	/** The whole batch so many times in a row: what a batch of `times` cells of these rows comes after. */
	repeat(times: number): KeyValueCache {
		return this.rows(Array.from({ length: times * this.batch }, (_, row) => row % this.batch));
	}

	/**
	 * These positions and then those of a run that came after them. Layers that one of the two lacks are left out.
	 * @throws {ModelError} for another number of rows, and where no layer is in both
	 */
	append(next: KeyValueCache): KeyValueCache {
		if (next.batch !== this.batch)
			throw new ModelError(`keys and values: ${next.batch} rows cannot follow ${this.batch}`);
		const layers = new Map<number, LayerPast>();
		for (const [layer, { key, value }] of this.layers) {
			const after = next.layers.get(layer);
			if (after) layers.set(layer, { key: join(key, after.key), value: join(value, after.value) });
		}
		if (layers.size === 0) throw new ModelError("keys and values: no layer is in both");
		const mask = this.mask || next.mask ? join(this.mask ?? ones(this), next.mask ?? ones(next)) : undefined;
		const tokens = this.tokens && next.tokens ? join(this.tokens, next.tokens) : undefined;
		return new KeyValueCache(layers, mask, tokens);
	}

	private map(change: <T extends Tensor>(tensor: T) => Tensor): KeyValueCache {
		const layers = [...this.layers].map(
			([layer, { key, value }]) => [layer, { key: change(key), value: change(value) }] as const,
		);
		return new KeyValueCache(
			new Map(layers),
			this.mask && (change(this.mask) as Tensor<"bool">),
			this.tokens && change(this.tokens),
		);
	}
}

/** A mask that hides nothing. */
export function ones({ batch, length }: { batch: number; length: number }): Tensor<"bool"> {
	return Tensor.full([batch, length], 1, "bool");
}

/** a [batch, n, ..] and b [batch, m, ..] as [batch, n + m, ..]. */
export function join<T extends Tensor>(a: T, b: T): T {
	const [batch = 0, n = 0, ...rest] = a.shape;
	const m = b.shape[1] ?? 0;
	const [wide, narrow] = [n * sizeOf(rest), m * sizeOf(rest)];
	const joined = Tensor.zeros([batch, n + m, ...rest], a.dtype, a.axes);
	for (let row = 0; row < batch; row++) {
		const at = row * (wide + narrow);
		joined.data.set(a.data.subarray(row * wide, (row + 1) * wide) as never, at);
		joined.data.set(b.data.subarray(row * narrow, (row + 1) * narrow) as never, at + wide);
	}
	return joined as T;
}

function takeRows(tensor: Tensor, rows: readonly number[]): Tensor {
	const size = sizeOf(tensor.shape.slice(1));
	const taken = Tensor.zeros(tensor.shape.with(0, rows.length), tensor.dtype, tensor.axes);
	for (const [to, from] of rows.entries())
		taken.data.set(tensor.data.subarray(from * size, (from + 1) * size) as never, to * size);
	return taken;
}
