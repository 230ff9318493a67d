import { sizeOf, Tensor } from "../tensor/index.js";
import { readSafetensors, writeSafetensors } from "../weights/index.js";
import { HookError } from "./hook-error.js";
import { joinPositions } from "./join-positions.js";
import { actName, axesOf, canonicalName } from "./points.js";
import { nearest } from "./select.js";

/** What a cache needs to know of the model that filled it. */
export interface CacheSource {
	readonly nLayers: number;
	/** "layer" subtracts the mean, "rms" does not. */
	readonly norm: "layer" | "rms";
	/** How often a block counts its input: see `Family.residualGrowth`. Default 1. */
	readonly growth?: number;
	/** Learned positions are no part of the stream: see `Family.positionsApart`. Default false. */
	readonly positionsApart?: boolean;
	/** Blocks are attention alone. Default false. */
	readonly attnOnly?: boolean;
	hasPoint(name: string): boolean;
}

/** Says in a file's metadata that it holds a cache. */
const FORMAT = "headscope-cache";

/** Parts of the residual stream, one after the other. */
export interface ResidualStack {
	/** What each component is: "embed", "0_attn_out", "L5H1", ... */
	readonly labels: readonly string[];
	/** [component, batch, pos, d_model] */
	readonly values: Tensor<"float32">;
}

export interface StackOptions {
	/** Divide by the scale of the norm that reads the stream at that layer (frozen, as the run had it). Default false. */
	applyLn?: boolean;
}

/** The activations of one run, by hook name. */
export class ActivationCache {
	constructor(
		private readonly tensors: ReadonlyMap<string, Tensor>,
		private readonly source: CacheSource,
	) {}

	/** Names of what is kept, in the order the run reached it. */
	get names(): string[] {
		return [...this.tensors.keys()];
	}

	/** How many activations are kept. */
	get size(): number {
		return this.tensors.size;
	}

	/** Whether an activation was kept; named as for `get`. */
	has(name: string, layer?: number, module?: string): boolean {
		return this.tensors.has(this.resolve(name, layer, module));
	}

	/**
	 * An activation by full name ("blocks.5.attn.hook_pattern"), alias or shorthand: `get("pattern", 5)`,
	 * `get("scale", 2, "ln1")`, `get("resid_post", -1)` (layers count from the end when negative).
	 * @throws {HookError} where it was not kept; lists the nearest names.
	 */
	get(name: string, layer?: number, module?: string): Tensor<"float32"> {
		const full = this.resolve(name, layer, module);
		const found = this.tensors.get(full);
		if (found) return found as Tensor<"float32">;
		const reason = this.source.hasPoint(full) ? "was not kept in this run" : "is no hook point of this model";
		const near = nearest(full, this.names, 3);
		throw new HookError(
			`"${full}" ${reason}; kept: ${near.join(", ") || "nothing"}${this.size > 3 ? ", ..." : ""}`,
		);
	}

	*[Symbol.iterator](): IterableIterator<[string, Tensor]> {
		yield* this.tensors;
	}

	/** The cache of some rows: [start, end) of the batch; negative numbers count from the end. */
	sliceBatch(start: number, end?: number): ActivationCache {
		return this.slice("batch", () => "batch", start, end);
	}

	/** The cache of some positions, [start, end); patterns and scores are cut along their queries. */
	slicePositions(start: number, end?: number): ActivationCache {
		return this.slice("pos", (axes) => (axes.includes("pos") ? "pos" : "query"), start, end);
	}

	/** Only the named activations. @throws {HookError} for one that was not kept */
	pick(names: readonly string[]): ActivationCache {
		return new ActivationCache(new Map(names.map((name) => [name, this.get(name)])), this.source);
	}

	/**
	 * Caches of consecutive positions of the same rows as one: those of runs that each went on from the ones before
	 * (`RunOptions.past`). Keys of patterns and scores become all positions, with 0 and -Infinity where a query could not look.
	 * @param firstKey leaves out keys before it, such as padding. Default 0
	 * @throws {HookError} for no cache, caches of different points, and points without positions
	 */
	static join(parts: readonly ActivationCache[], firstKey = 0): ActivationCache {
		const [first] = parts;
		if (!first) throw new HookError("there is no activation cache to join");
		const other = parts.find((part) => part.names.join() !== first.names.join());
		if (other)
			throw new HookError(`caches of different points: ${first.names.join()} and ${other.names.join()}`);
		const joined = first.names.map((name) => {
			const tensors = parts.map((part) => part.get(name));
			return [name, joinPositions(name, tensors, firstKey)] as const;
		});
		return new ActivationCache(new Map(joined), first.source);
	}

	/** As a map, in the order the run reached the points. */
	toMap(): Map<string, Tensor> {
		return new Map(this.tensors);
	}

	/** As the bytes of a safetensors file that {@link ActivationCache.fromSafetensors} reads back. */
	toSafetensors(): Uint8Array {
		const { nLayers, norm, growth = 1, positionsApart, attnOnly } = this.source;
		return writeSafetensors(this.tensors, {
			format: FORMAT,
			...{ nLayers: String(nLayers), norm, growth: String(growth) },
			...(positionsApart && { positionsApart: "true" }),
			...(attnOnly && { attnOnly: "true" }),
		});
	}

	/**
	 * Reads a saved cache.
	 * @throws {HookError} for a file that was not saved by `toSafetensors`, {WeightsError} for a broken one.
	 */
	static async fromSafetensors(bytes: Uint8Array): Promise<ActivationCache> {
		const { tensors, metadata } = await readSafetensors(bytes);
		const { format, nLayers, norm } = metadata;
		if (format !== FORMAT || (norm !== "layer" && norm !== "rms")) {
			throw new HookError(
				`not a saved activation cache: its format is ${JSON.stringify(format)}, expected "${FORMAT}"`,
			);
		}
		const named = [...tensors].map(
			([name, t]) => [name, new Tensor(t.dtype, t.shape, t.data, axesOf(name, t.shape.length))] as const,
		);
		const source: CacheSource = {
			nLayers: Number(nLayers),
			norm,
			growth: Number(metadata.growth ?? 1),
			positionsApart: metadata.positionsApart === "true",
			attnOnly: metadata.attnOnly === "true",
			hasPoint: (name: string) => tensors.has(name),
		};
		return new ActivationCache(new Map(named), source);
	}

	/**
	 * The residual stream before each layer up to `layer` (exclusive; default: through to the end),
	 * as TransformerLens' accumulated_resid: labels "0_pre", "0_mid", ..., "final_post".
	 */
	accumulatedResid(
		layer = this.source.nLayers,
		options: StackOptions & { inclMid?: boolean } = {},
	): ResidualStack {
		const labels: string[] = [];
		const parts: Tensor<"float32">[] = [];
		const last = this.layer(layer, true);
		for (let l = 0; l <= last; l++) {
			if (l === this.source.nLayers) {
				labels.push("final_post");
				parts.push(this.get("resid_post", l - 1));
				continue;
			}
			labels.push(`${l}_pre`);
			parts.push(this.get("resid_pre", l));
			if (options.inclMid && l < last) {
				labels.push(`${l}_mid`);
				parts.push(this.get("resid_mid", l));
			}
		}
		return this.finish(labels, parts, last, options);
	}

	/**
	 * What wrote to the residual stream before `layer` (default: all of it): embedding, positions where the
	 * model learned them, and each layer's attention and MLP output. They add up to the stream there.
	 */
	decomposeResid(
		layer = this.source.nLayers,
		options: StackOptions & { mode?: "all" | "attn" | "mlp" } = {},
	): ResidualStack {
		const { mode = "all" } = options;
		const last = this.layer(layer, true);
		const labels = ["embed"];
		const parts = [this.weighted(this.get("hook_embed"), last)];
		if (this.source.hasPoint("hook_pos_embed") && !this.source.positionsApart) {
			labels.push("pos_embed");
			parts.push(this.weighted(this.get("hook_pos_embed"), last));
		}
		for (let l = 0; l < last; l++) {
			for (const kind of ["attn", "mlp"] as const) {
				if ((mode !== "all" && mode !== kind) || (kind === "mlp" && this.source.attnOnly)) continue;
				labels.push(`${l}_${kind}_out`);
				parts.push(this.weighted(this.get(`${kind}_out`, l), last - 1 - l));
			}
		}
		return this.finish(labels, parts, last, options);
	}

	/**
	 * What each head wrote to the residual stream before `layer` (default: all layers), labels "L0H0", ...
	 * Needs `hook_result` in the cache: ask for it by name. With `inclRemainder` a last component holds
	 * everything that is not a head, so that all add up to the stream.
	 * @throws {HookError} for a model with a norm between heads and stream, which makes a result no part of the stream.
	 */
	stackHeadResults(
		layer = this.source.nLayers,
		options: StackOptions & { inclRemainder?: boolean } = {},
	): ResidualStack {
		const last = this.layer(layer, true);
		if (last > 0 && this.source.hasPoint("blocks.0.ln1_post.hook_scale")) {
			throw new HookError(
				"head results: the model norms what heads write together (ln1_post), so that they do not add up to the stream; directAttribution by head counts them through it",
			);
		}
		const labels: string[] = [];
		const parts: Tensor<"float32">[] = [];
		for (let l = 0; l < last; l++) {
			const result = this.get("result", l).transpose([2, 0, 1, 3]); // [head, batch, pos, d_model]
			for (let h = 0; h < (result.shape[0] as number); h++) {
				labels.push(`L${l}H${h}`);
				parts.push(this.weighted(result.select(h), last - 1 - l));
			}
		}
		if (options.inclRemainder) {
			const stream =
				last === this.source.nLayers ? this.get("resid_post", last - 1) : this.get("resid_pre", last);
			const rest = stream.data.slice();
			for (const { data } of parts)
				for (let i = 0; i < rest.length; i++) rest[i] = (rest[i] as number) - (data[i] as number);
			labels.push("remainder");
			parts.push(new Tensor("float32", stream.shape, rest));
		}
		return this.finish(labels, parts, last, options);
	}

	/**
	 * Divides every component [component, batch, pos, d_model] by the scale that the norm before `layer`
	 * had in this run (the final norm for the number of layers), after subtracting its mean where that norm does.
	 * The norm's weight and bias are not applied.
	 */
	applyLnToStack(
		stack: ResidualStack,
		layer = this.source.nLayers,
		module: "ln1" | "ln2" = "ln1",
	): ResidualStack {
		const at = this.layer(layer, true);
		const scale =
			at === this.source.nLayers ? this.get("ln_final.hook_scale") : this.get("scale", at, module);
		const centres = this.source.norm === "layer";
		const { values } = stack;
		const width = values.shape.at(-1) as number;
		const out = values.data.slice();
		for (let row = 0; row * width < out.length; row++) {
			const part = out.subarray(row * width, (row + 1) * width);
			const mean = centres ? part.reduce((a, b) => a + b, 0) / width : 0;
			const by = scale.data[row % scale.size] as number;
			for (let i = 0; i < width; i++) part[i] = ((part[i] as number) - mean) / by;
		}
		return { labels: stack.labels, values: new Tensor("float32", values.shape, out, values.axes) };
	}

	/** What a part is in the stream after so many more blocks. */
	private weighted(part: Tensor<"float32">, blocks: number): Tensor<"float32"> {
		const factor = (this.source.growth ?? 1) ** blocks;
		if (factor === 1) return part;
		return new Tensor(
			"float32",
			part.shape,
			part.data.map((v) => v * factor),
			part.axes,
		);
	}

	private finish(
		labels: string[],
		parts: readonly Tensor<"float32">[],
		layer: number,
		{ applyLn }: StackOptions,
	): ResidualStack {
		const shape = (parts[0] as Tensor).shape;
		const size = sizeOf(shape);
		const data = new Float32Array(parts.length * size);
		for (const [i, part] of parts.entries()) data.set(part.data, i * size);
		const values = new Tensor("float32", [parts.length, ...shape], data, [
			"component",
			"batch",
			"pos",
			"d_model",
		]);
		const stack = { labels, values };
		return applyLn ? this.applyLnToStack(stack, layer) : stack;
	}

	private slice(
		what: string,
		axisOf: (axes: readonly string[]) => string,
		start: number,
		end: number | undefined,
	): ActivationCache {
		const cut = [...this.tensors].map(([name, tensor]) => {
			const axis = tensor.axes ? (tensor.axes as readonly string[]).indexOf(axisOf(tensor.axes)) : -1;
			if (axis < 0) throw new HookError(`"${name}" ${tensor} has no ${what} axis to cut`);
			return [name, tensor.slice(axis, start, end)] as const;
		});
		return new ActivationCache(new Map(cut), this.source);
	}

	private layer(layer: number, inclusive: boolean): number {
		const { nLayers } = this.source;
		const at = layer < 0 ? layer + nLayers : layer;
		const most = inclusive ? nLayers : nLayers - 1;
		if (!Number.isInteger(at) || at < 0 || at > most)
			throw new HookError(`layer: got ${layer}, allowed 0..${most}`);
		return at;
	}

	private resolve(name: string, layer?: number, module?: string): string {
		if (layer === undefined && this.tensors.has(name)) return name;
		return canonicalName(
			actName(name, layer === undefined ? undefined : this.layer(layer, false), module),
			this.source.hasPoint,
		);
	}
}
