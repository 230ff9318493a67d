import { HookError } from "../hooks/hook-error.js";
import type { Model } from "../models/model.js";
import type { RegressionModel } from "../models/regression/index.js";
import type { Tensor } from "../tensor/index.js";
import { reject } from "./errors.js";
import { modelOf, type PatchedModel, type PatchedRegression } from "./patch.js";

/**
 * Watches one activation. Its location is a dotted path, followed as far as there are modules or hook points;
 * the parts behind are indices of the trailing axes, "*" for a whole one: of the pattern [batch, head, query,
 * key], "...attention_softmax.1.*.*" is head 1 of every row.
 *
 *     using probe = new ActivationProbe(model, location).registerHook();
 *     await model.predict(xs, ys);
 *     probe.activation;
 */
export class ActivationProbe implements Disposable {
	private readonly model: Model;
	private readonly point: string;
	private readonly indices: readonly string[];
	private stop: (() => void) | undefined;
	private seen: Tensor | undefined;

	/**
	 * @throws {HookError} for a path that the model lacks; it lists the nearest
	 * @throws {PatchError} for more indices than axes, and an index outside its axis
	 */
	constructor(
		model: RegressionModel | Model | PatchedRegression | PatchedModel,
		readonly location: string,
	) {
		this.model = modelOf(model);
		const { point, shape, indices } = locate(this.model, location);
		this.point = point;
		this.indices = indices;
		if (indices.length > shape.length)
			reject(location, `${indices.length} indices, but ${point} has the axes [${shape.join(", ")}]`);
		for (const [i, index] of indices.entries()) this.checkIndex(index, shape.at(i - indices.length));
	}

	/** From now on each run of the model that gets there, patched or not, fills `activation`. */
	registerHook(): this {
		this.stop ??= this.model.watch(this.point, (value) => {
			this.seen = value;
		});
		return this;
	}

	/** Ends watching. What was seen last stays. */
	unregisterHook(): this {
		this.stop?.();
		this.stop = undefined;
		return this;
	}

	[Symbol.dispose](): void {
		this.unregisterHook();
	}

	/** The activation in the last run that was watched. @throws {PatchError} before the first one. */
	get activation(): Tensor {
		if (!this.seen) reject(this.location, "no run has come by here since registerHook");
		return this.indices.reduceRight<Tensor>((value, index, i) => {
			const axis = value.shape.length - 1 - kept(this.indices, i + 1);
			if (index === "*") return value;
			const extent = value.shape[axis] as number;
			this.checkIndex(index, extent);
			const at = Number(index) < 0 ? Number(index) + extent : Number(index);
			return value.slice(axis, at, at + 1).reshape(value.shape.filter((_, a) => a !== axis));
		}, this.seen);
	}

	private checkIndex(index: string, extent: number | string | undefined): void {
		if (index === "*" || typeof extent !== "number") return;
		if (Number(index) < -extent || Number(index) >= extent)
			reject(this.location, `index ${index}, allowed ${-extent}..${extent - 1}`);
	}
}

/** How many of the indices from one on leave their axis in place. */
function kept(indices: readonly string[], from: number): number {
	return indices.slice(from).filter((index) => index === "*").length;
}

/** The longest part of a location that is a point, and the indices behind it. */
function locate(
	model: Model,
	location: string,
): { point: string; shape: readonly (number | string)[]; indices: readonly string[] } {
	const parts = location.split(".");
	let end = parts.length;
	for (; end > 0; end--) {
		const path = parts.slice(0, end).join(".");
		try {
			const { name, shape } = model.pointAt(path);
			return { point: name, shape, indices: parts.slice(end) };
		} catch (error) {
			// a module's name at the end is a mistake; an index belongs to what is in front of it
			if (!(error instanceof HookError) || !/^(\*|-?\d+)$/.test(parts[end - 1] as string)) throw error;
		}
	}
	return reject(location, "has no path in front of its indices");
}
